"""Coming in and going out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from reseen.app import messages
from reseen.app.parameters import ThisDesk
from reseen.app.state.users import Session
from reseen.app.web.door import Visitor

router = APIRouter(tags=["session"])


@router.post("/session", status_code=201)
def begin(request: Request, answer: Response, desk: ThisDesk, said: messages.Login) -> messages.Session:
    """Logs somebody in: the answer brings a cookie, and what calls that change something have to send beside it."""
    return _message(desk.door.let_in(request, answer, said.name, said.password))


@router.get("/session")
def who(request: Request, user: Visitor) -> messages.Session:
    """Says who is asking."""
    return _message(Session(user, request.state.csrf))


@router.delete("/session", status_code=204)
def end(request: Request, answer: Response, desk: ThisDesk, user: Visitor) -> None:
    """Logs out."""
    desk.door.let_out(request, answer)


def _message(session: Session) -> messages.Session:
    user = session.user
    cameras = None if user.cameras is None else tuple(sorted(user.cameras))
    return messages.Session(name=user.name, role=user.role, cameras=cameras, csrf=session.csrf)
