"""Who is asking: this machine's own user, somebody with the token, or a user who has logged in."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from reseen.app.settings import Settings
from reseen.app.state import State
from reseen.app.state.users import TOKEN, Session, User
from reseen.app.web.forms import form_of
from reseen.errors import ReseenError

COOKIE = "reseen_session"
SAFE = ("GET", "HEAD", "OPTIONS")
"""What changes nothing."""
_SHORTEST_TOKEN = 32
_NOT_OURS = (
    "this form is too old, load the page again; a program sends the session's csrf as X-CSRF-Token, or a bearer token"
)


class Door:
    """Tells who may come in.

    Args:
        settings: Where it listens, and the token's file.
        state: Users and sessions.

    Raises:
        ReseenError: If others than this machine could call and nobody would be asked who they are.
    """

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings, self._users, self._audit = settings, state.users, state.audit
        self._token = _read_token(settings.token_file) if settings.token_file else ""
        self._users.logout_all(TOKEN)  # it may be another token than last time, or none
        self._guessing = threading.Lock()
        if not settings.local and not self._token and not len(state.users):
            raise ReseenError(
                f"{settings.public_host or settings.host} lets other machines in: give --token-file, or add users with "
                "reseen user add"
            )

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked: only this machine can call, and there are neither users nor a token."""
        return self._settings.local and not self._token and not len(self._users)

    @property
    def takes_token(self) -> bool:
        return bool(self._token)

    def login(self, name: str, password: str, address: str) -> str:
        """Returns the cookie of a new session, and notes who has come in, or was refused.

        Raises:
            HTTPException: If the password is wrong, or was too often.
        """
        with self._guessing:  # one after the other: guesses side by side would all come before the first is counted
            self._make_wait(name, address)
            by_token = not name and bool(self._token) and _same(password, self._token)
            if not by_token and self._users.check(name, password, address) is None:
                # A name that nobody has may be a password in the wrong field, which no trail should keep.
                self._audit.add(name if name in self._users else "somebody", "login refused", address=address)
                raise HTTPException(403, "name and password do not belong together")
        who = TOKEN if by_token else name
        self._audit.add(who, "login", address=address)
        return self._users.login(who, self._settings.session_hours)

    def logout(self, cookie: str) -> None:
        """Ends a session, if it is one, and notes who has gone."""
        if session := self._users.session(cookie):
            self._audit.add(session.user.name, "logout")
            self._users.logout(cookie)

    def let_in(self, request: Request, answer: Response, name: str, password: str) -> Session:
        """Begins a session in place of the one before, and gives its cookie to an answer.

        Raises:
            HTTPException: If the password is wrong, or was too often.
        """
        cookie = self.login(name, password, request.client.host if request.client else "")
        self.logout(request.cookies.get(COOKIE, ""))
        age, secure = round(3600 * self._settings.session_hours), request.url.scheme == "https"
        answer.set_cookie(COOKIE, cookie, max_age=age, httponly=True, samesite="strict", secure=secure)
        session = self._users.session(cookie)
        assert session is not None
        return session

    def let_out(self, request: Request, answer: Response) -> None:
        """Ends a session, and takes its cookie back."""
        self.logout(request.cookies.get(COOKIE, ""))
        answer.delete_cookie(COOKIE)

    def session(self, request: HTTPConnection) -> Session:
        """Returns who is asking, before anything is read of what they send.

        Raises:
            HTTPException: If nobody knows them.
        """
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            self._check_token(given.strip(), request.client.host if request.client else "")
            return Session(User(TOKEN, "operator"), "")
        if self.is_open:
            return Session(User("local", "operator"), "")
        session = self._users.session(request.cookies.get(COOKIE, ""))
        if session is None:
            raise HTTPException(401, "log in first, or send the token", {"WWW-Authenticate": "Bearer"})
        return session

    def _check_token(self, given: str, address: str) -> None:
        if self._token and _same(given, self._token):
            self._make_wait(None, address)
            return
        with self._guessing:
            self._make_wait(None, address)
            self._users.refuse(TOKEN, address)
            self._audit.add("somebody", "login refused", address=address, by=TOKEN)
        raise HTTPException(401, "this token is not the right one", {"WWW-Authenticate": "Bearer"})

    def _make_wait(self, name: str | None, address: str) -> None:
        if wait := self._users.wait(name, address):
            raise HTTPException(
                429,
                f"too many wrong passwords or tokens; try again in {wait / 60:.0f} minutes",
                {"Retry-After": f"{wait:.0f}"},
            )

    async def user(self, request: Request) -> User:
        """Returns who is asking, and notes ``request.state.csrf`` for the forms.

        Raises:
            HTTPException: If nobody knows them, or a form is not one of ours.
        """
        session = await run_in_threadpool(self.session, request)
        request.state.csrf = session.csrf
        if session.csrf and request.method not in SAFE and not _same(await _sent_csrf(request), session.csrf):
            raise HTTPException(403, _NOT_OURS)
        return session.user


async def _sent_csrf(request: Request) -> str:
    if sent := request.headers.get("x-csrf-token"):
        return sent
    if "form" in request.headers.get("content-type", ""):
        return str((await form_of(request)).get("csrf", ""))
    return ""


async def asking(request: Request) -> User:
    """Returns who is asking."""
    door: Door = request.app.state.desk.door
    user = await door.user(request)
    request.state.user = user
    return user


def operating(user: Annotated[User, Depends(asking)]) -> User:
    """Returns who is asking, if they may change something.

    Raises:
        HTTPException: If not: whatever it is, to them it is not there.
    """
    if user.role != "operator":
        raise _nothing()
    return user


def overseeing(user: Annotated[User, Depends(operating)]) -> User:
    """Returns who is asking, if they may see what others do.

    Raises:
        HTTPException: If not: whatever it is, to them it is not there.
    """
    if not user.oversees:
        raise _nothing()
    return user


def _nothing() -> HTTPException:
    return HTTPException(404, "there is no such page, or it is not yours")


Visitor = Annotated[User, Depends(asking)]
Operator = Annotated[User, Depends(operating)]
Overseer = Annotated[User, Depends(overseeing)]


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def _read_token(file: Path) -> str:
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ReseenError(f"cannot read the token in {file}: {error}") from error
    if len(token) < _SHORTEST_TOKEN or not token.isascii():
        raise ReseenError(
            f"the token in {file} needs {_SHORTEST_TOKEN} characters of ASCII or more: openssl rand -hex 32"
        )
    return token
