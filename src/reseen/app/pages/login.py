"""Coming in and going out."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from reseen.app.desk import Desk
from reseen.app.parameters import ThisDesk
from reseen.app.web.door import Visitor
from reseen.app.web.render import page

router = APIRouter()


@router.get("/login")
def login_page(request: Request, desk: ThisDesk) -> Response:
    """The form for name and password."""
    if desk.door.is_open:
        return RedirectResponse("/", 303)
    return _form(request, desk)


@router.post("/login")
async def login(request: Request, desk: ThisDesk) -> Response:
    """Begins a session, or says why not beside the form."""
    form = await request.form(max_files=0)
    name, password = str(form.get("name", ""))[:64], str(form.get("password", ""))[:1024]
    answer = RedirectResponse("/", 303)
    try:
        await run_in_threadpool(desk.door.let_in, request, answer, name, password)
    except HTTPException as refused:
        return _form(request, desk, name, refused)
    return answer


@router.post("/logout")
def logout(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """Ends the session."""
    answer = RedirectResponse("/login", 303)
    desk.door.let_out(request, answer)
    return answer


def _form(request: Request, desk: Desk, name: str = "", refused: HTTPException | None = None) -> Response:
    status, headers = (200, None) if refused is None else (refused.status_code, dict(refused.headers or {}))
    takes_token = desk.door.takes_token
    return page(
        request, "login.html", status=status, headers=headers, name=name, refused=refused, takes_token=takes_token
    )
