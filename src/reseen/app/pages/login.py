"""Coming in and going out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from reseen.app.api.parameters import ThisDesk
from reseen.app.api.session import let_in, let_out
from reseen.app.web.door import Visitor
from reseen.app.web.render import page

router = APIRouter()


@router.get("/login")
def login_page(request: Request, desk: ThisDesk) -> Response:
    """The form for name and password."""
    if desk.door.is_open:
        return RedirectResponse("/", 303)
    return page(request, "login.html", takes_token=desk.door.takes_token)


@router.post("/login")
async def login(request: Request, desk: ThisDesk) -> Response:
    """Begins a session."""
    form = await request.form(max_files=0)
    name, password = str(form.get("name", ""))[:64], str(form.get("password", ""))[:1024]
    answer = RedirectResponse("/", 303)
    await run_in_threadpool(let_in, desk, request, answer, name, password)
    return answer


@router.post("/logout")
def logout(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """Ends the session."""
    answer = RedirectResponse("/login", 303)
    let_out(desk, request, answer)
    return answer
