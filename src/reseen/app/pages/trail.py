"""The model, and the audit trail."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from reseen.app.finding.model import card_html, describe, turn_sensitive
from reseen.app.finding.trail import trail
from reseen.app.parameters import ThisDesk
from reseen.app.web.door import Overseer, Visitor
from reseen.app.web.render import page

router = APIRouter()


@router.get("/model")
def model(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """What there is to know of the model."""
    told = describe(desk, user)
    return page(request, "model.html", model=told, card=card_html(told.card))


@router.post("/model/sensitive")
async def turn(request: Request, desk: ThisDesk, user: Overseer) -> Response:
    """Turns apparent gender and age on or off."""
    on = (await request.form()).get("on") == "yes"
    await run_in_threadpool(turn_sensitive, desk, user, on)
    return RedirectResponse("/model", 303)


@router.get("/audit")
def audit(request: Request, desk: ThisDesk, user: Overseer, before: int = 0) -> Response:
    """Who did what, newest first."""
    told = trail(desk, min(max(before, 0), 2**62), 100)
    number, head = desk.state.audit.head()
    return page(request, "audit.html", audit=told, number=number, head=head)
