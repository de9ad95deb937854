"""Coming in and going out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from reseen.app.api.parameters import ThisDesk
from reseen.app.web.door import COOKIE, Visitor
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
    address = request.client.host if request.client else ""
    cookie = await run_in_threadpool(desk.door.login, name, password, address)
    await run_in_threadpool(desk.door.logout, request.cookies.get(COOKIE, ""))  # whoever was logged in before
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    age = round(3600 * desk.settings.session_hours)
    answer.set_cookie(COOKIE, cookie, max_age=age, httponly=True, samesite="strict", secure=secure)
    return answer


@router.post("/logout")
def logout(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """Ends the session."""
    desk.door.logout(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer
