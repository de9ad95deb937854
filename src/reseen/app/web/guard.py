"""What holds for every request: who may call, how much they may send, and what browsers may do with an answer."""

from __future__ import annotations

import logging
import re

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reseen.app.settings import Settings
from reseen.app.web import problems
from reseen.app.web.door import SAFE, Door, operating

_log = logging.getLogger("reseen.app")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers send our own forms with the origin "null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FORM_ROOM = 1 << 20
"""Bytes of a form beside its pictures."""
_ADDING = ("/api/jobs", "/add")
_PLANNING = ("/api/plan", "/cameras")
_SEARCHING = ("/api/searches", "/searches", "/api/people")


class Guard:
    """Refuses what no page or client of ours sends, before it is read.

    - A name in ``Host`` that is not ours is a web page that had its own name point here.
    - A change that another web page asks for says so in ``Origin`` or ``Sec-Fetch-Site``.
    - No body may be longer than what its address is for, and nobody sends pictures before it is known who they are.

    Args:
        app: The application.
        settings: Its settings.
        door: Who may come in.
    """

    def __init__(self, app: ASGIApp, settings: Settings, door: Door) -> None:
        self._app = app
        self._settings = settings
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, limit = Headers(scope=scope), self._limit(scope["path"])
        answering = _with_headers(send, scope["path"].startswith("/static/"))
        request, begun, body = Request(scope, receive), False, _Body(receive, limit)
        if refusal := self._refusal(scope, headers, limit):
            await problems.answer(request, *refusal)(scope, receive, answering)
            return
        if limit > _FORM_ROOM and scope["method"] not in SAFE:
            try:
                await run_in_threadpool(self._check_sender, request)
            except HTTPException as error:
                await (await problems.refused(request, error))(scope, receive, answering)
                return

        async def noting(message: Message) -> None:
            nonlocal begun
            if begun or not body.too_long:  # what somebody makes of half a body is no answer
                begun = True
                await answering(message)

        failure = None
        try:
            await self._app(scope, body.receive, noting)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except Exception:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            failure = problems.answer(request, 500, "something went wrong here; the server's log says what")
        if body.too_long:
            failure = problems.answer(request, 413, _too_long(limit))
        if failure is not None and not begun:
            await failure(scope, receive, answering)

    def _refusal(self, scope: Scope, headers: Headers, limit: int) -> tuple[int, str] | None:
        host = headers.get("host", "")
        name = re.sub(r":\d+$", "", host).strip("[]")
        if self._settings.hosts and name not in self._settings.hosts:
            return 403, "this application answers to this machine's own name alone"
        if scope["method"] not in SAFE:
            origin = headers.get("origin")
            names = {host, self._settings.public_host or host}  # a proxy passes on the name it was called by, or not
            own = {f"{scheme}://{each}" for scheme in ("http", "https") for each in names}
            if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") or (origin and origin not in own):
                return 403, "another web page asked for this, so it was not done"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 18 or int(length) > limit:
            return 413, _too_long(limit)
        return None

    def _check_sender(self, request: Request) -> None:
        user = self._door.session(request).user
        if request.url.path in (*_ADDING, *_PLANNING):
            operating(user)

    def _limit(self, path: str) -> int:
        limits = self._settings.limits
        if path in _ADDING:
            return limits.job_bytes + _FORM_ROOM
        if path in (*_SEARCHING, *_PLANNING):
            return limits.pictures * limits.picture_bytes + _FORM_ROOM
        return _FORM_ROOM


class _Body:
    """Cuts off bodies that did not say how long they are; what was cut off is no form any more."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left = receive, limit

    @property
    def too_long(self) -> bool:
        return self._left < 0

    async def receive(self) -> Message:
        if self.too_long:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.too_long else message


def _too_long(limit: int) -> str:
    return f"that is more than {limit >> 20} MiB; send less at once"


def _with_headers(send: Send, public: bool) -> Send:
    async def answering(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "private, max-age=3600" if public else "no-store")
        await send(message)

    return answering
