"""What cameras are called and where they hang: shown to operators, who say so."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding import looking
from reseen.app.keeping import cameras as keeping
from reseen.app.parameters import ThisDesk
from reseen.app.state.users import User
from reseen.app.web.door import Operator
from reseen.app.web.render import page
from reseen.errors import ReseenError

router = APIRouter()


@router.get("/cameras")
def cameras(request: Request, desk: ThisDesk, user: Operator) -> Response:
    """The plan, and a line for each camera."""
    return page(request, "cameras.html", facets=looking.facets(desk, user))


@router.post("/cameras")
async def put(request: Request, desk: ThisDesk, user: Operator) -> Response:
    """Keeps names, places and plan."""
    form = await request.form(max_files=1)
    await run_in_threadpool(_put, desk, user, form)
    return RedirectResponse("/cameras", 303)


def _put(desk: Desk, user: User, form: FormData) -> None:
    known = {each.camera: each for each in looking.facets(desk, user).cameras}
    said = {camera: _spot(form, camera) for camera in known}
    for camera, spot in said.items():
        if spot != messages.Spot(name=known[camera].name, x=known[camera].x, y=known[camera].y):
            keeping.describe(desk, user, camera, spot)
    if not user.oversees:  # the plan is of all cameras
        return
    drawn = form.get("plan")
    if isinstance(drawn, UploadFile) and drawn.filename:
        keeping.hang(desk, user, drawn)
    elif form.get("no_plan"):
        keeping.take_away(desk, user)


def _spot(form: FormData, camera: int) -> messages.Spot:
    try:
        x, y = (_share(str(form.get(f"{axis}.{camera}", ""))) for axis in "xy")
        return messages.Spot(name=str(form.get(f"name.{camera}", "")).strip(), x=x, y=y)
    except (ValidationError, ValueError):
        raise ReseenError(
            f"camera {camera}: a name has up to 60 characters, and a place is two numbers from 0 to 100, or none"
        ) from None


def _share(percent: str) -> float | None:
    return float(percent) / 100 if percent.strip() else None
