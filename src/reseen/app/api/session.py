"""Coming in and going out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from reseen.app import messages
from reseen.app.api.parameters import ThisDesk
from reseen.app.desk import Desk
from reseen.app.state.users import Session
from reseen.app.web.door import COOKIE, Visitor

router = APIRouter(tags=["session"])


@router.post("/session", status_code=201)
def begin(request: Request, answer: Response, desk: ThisDesk, said: messages.Login) -> messages.Session:
    """Logs somebody in: the answer brings a cookie, and what calls that change something have to send beside it."""
    return _message(let_in(desk, request, answer, said.name, said.password))


@router.get("/session")
def who(request: Request, user: Visitor) -> messages.Session:
    """Says who is asking."""
    return _message(Session(user, request.state.csrf))


@router.delete("/session", status_code=204)
def end(request: Request, answer: Response, desk: ThisDesk, user: Visitor) -> None:
    """Logs out."""
    let_out(desk, request, answer)


def let_in(desk: Desk, request: Request, answer: Response, name: str, password: str) -> Session:
    """Begins a session in place of the one before, and gives its cookie to an answer.

    Raises:
        HTTPException: If the password is wrong, or was too often.
    """
    cookie = desk.door.login(name, password, request.client.host if request.client else "")
    desk.door.logout(request.cookies.get(COOKIE, ""))
    age, secure = round(3600 * desk.settings.session_hours), request.url.scheme == "https"
    answer.set_cookie(COOKIE, cookie, max_age=age, httponly=True, samesite="strict", secure=secure)
    session = desk.state.users.session(cookie)
    assert session is not None
    return session


def let_out(desk: Desk, request: Request, answer: Response) -> None:
    """Ends a session, and takes its cookie back."""
    desk.door.logout(request.cookies.get(COOKIE, ""))
    answer.delete_cookie(COOKIE)


def _message(session: Session) -> messages.Session:
    user = session.user
    cameras = None if user.cameras is None else tuple(sorted(user.cameras))
    return messages.Session(name=user.name, role=user.role, cameras=cameras, csrf=session.csrf)
