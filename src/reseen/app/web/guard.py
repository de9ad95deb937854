"""What holds for every request: who may call, how much they may send, and what browsers may do with an answer."""

from __future__ import annotations

import logging
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reseen.app.settings import Settings
from reseen.app.web import problems

_log = logging.getLogger("reseen.app")
_SAFE = ("GET", "HEAD", "OPTIONS")
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


class Guard:
    """Refuses what no page or client of ours sends, before it is read.

    - A name in ``Host`` that is not ours is a web page that had its own name point here.
    - A change that another web page asks for says so in ``Origin`` or ``Sec-Fetch-Site``.
    - No body may be longer than what its address is for.

    Args:
        app: The application.
        settings: Its settings.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, limit = Headers(scope=scope), self._limit(scope["path"])
        answering = _with_headers(send, scope["path"].startswith("/static/"))
        if refusal := self._refusal(scope, headers, limit):
            request = Request(scope, receive)
            await problems.answer(request, *refusal)(scope, receive, answering)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await answering(message)

        try:
            await self._app(scope, _limited(receive, limit), noting)
        except Exception:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if not begun:
                request = Request(scope, receive)
                failure = problems.answer(request, 500, "something went wrong here; the server's log says what")
                await failure(scope, receive, answering)

    def _refusal(self, scope: Scope, headers: Headers, limit: int) -> tuple[int, str] | None:
        host = headers.get("host", "")
        name = re.sub(r":\d+$", "", host).strip("[]")
        if self._settings.hosts and name not in self._settings.hosts:
            return 403, "this application answers to this machine's own name alone"
        if scope["method"] not in _SAFE:
            origin = headers.get("origin")
            own = (f"http://{host}", f"https://{host}")
            if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") or (origin and origin not in own):
                return 403, "another web page asked for this, so it was not done"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return 413, f"that is more than {limit >> 20} MiB; send less at once"
        return None

    def _limit(self, path: str) -> int:
        limits = self._settings.limits
        if path in ("/api/jobs", "/add"):
            return limits.job_bytes + _FORM_ROOM
        if path in ("/api/searches", "/searches", "/api/people", "/api/plan", "/cameras"):
            return limits.pictures * limits.picture_bytes + _FORM_ROOM
        return _FORM_ROOM


def _limited(receive: Receive, limit: int) -> Receive:
    """Cuts off bodies that did not say how long they are; what was cut off is no form any more."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            return {"type": "http.disconnect"}
        return message

    return limited


def _with_headers(send: Send, public: bool) -> Send:
    async def answering(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "private, max-age=3600" if public else "no-store")
        await send(message)

    return answering
