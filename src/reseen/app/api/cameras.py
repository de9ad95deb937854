"""Cameras: what they are called, where they hang, and the plan they hang on."""

from __future__ import annotations

import io
from typing import Annotated

from fastapi import APIRouter, File, Path, Response, UploadFile
from PIL import Image, ImageOps
from starlette.datastructures import UploadFile as PlainUploadFile

from reseen.app import messages
from reseen.app.api.parameters import ThisDesk
from reseen.app.desk import Desk
from reseen.app.finding import looking
from reseen.app.finding.rows import camera_message
from reseen.app.messages.base import LARGEST
from reseen.app.state.cameras import Plan, Spot
from reseen.app.state.users import User
from reseen.app.web.door import Operator, Overseer, Visitor
from reseen.app.web.problems import missing
from reseen.app.web.uploads import jpeg, read_pictures
from reseen.app.words import plain_line
from reseen.errors import ReseenError

router = APIRouter(tags=["cameras"])
_LARGEST = 1600
"""Pixels that a plan is kept with, at most."""
CameraNumber = Annotated[int, Path(ge=-LARGEST, le=LARGEST, description="A camera's number.", examples=[3])]


@router.get("/cameras")
def cameras(desk: ThisDesk, user: Visitor) -> tuple[messages.Camera, ...]:
    """Lists cameras, where they hang, and how many rows each has taken."""
    return looking.facets(desk, user).cameras


@router.put("/cameras/{camera}")
def put(desk: ThisDesk, user: Operator, camera: CameraNumber, spot: messages.Spot) -> messages.Camera:
    """Says what a camera is called and where it hangs."""
    known = {each.camera: each for each in cameras(desk, user)}
    if camera not in known:
        raise missing(f"camera {camera}")
    desk.state.cameras.put(camera, Spot(plain_line(spot.name), spot.x, spot.y))
    desk.state.audit.add(user.name, "camera", camera=camera, **spot.model_dump())
    return camera_message(desk, camera, known[camera].count)


@router.get("/plan", response_class=Response)
def plan(desk: ThisDesk, user: Visitor) -> Response:
    """Returns the plan that cameras hang on, as JPEG."""
    drawn = desk.state.cameras.plan()
    if drawn is None:
        raise missing("plan here")
    return Response(drawn.picture, media_type="image/jpeg")


@router.put("/plan", status_code=204)
def draw(desk: ThisDesk, user: Overseer, picture: Annotated[UploadFile, File(description="A plan.")]) -> None:
    """Gives the plan that cameras hang on."""
    hang(desk, user, picture)


@router.delete("/plan", status_code=204)
def take_away(desk: ThisDesk, user: Overseer) -> None:
    """Takes the plan away; names and places of cameras stay."""
    _keep(desk, user, None)


def hang(desk: Desk, user: User, picture: PlainUploadFile) -> None:
    """Keeps a plan as it is shown.

    Raises:
        ReseenError: If it is no picture that can be read.
    """
    sent = read_pictures([picture], desk.settings.limits)
    if not sent:
        raise ReseenError("choose a picture of the place")
    drawn = ImageOps.exif_transpose(Image.open(io.BytesIO(sent[0]))).convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")  # plans are often drawn on nothing
    paper.alpha_composite(drawn)
    shown = jpeg(paper, _LARGEST)
    _keep(desk, user, Plan(*Image.open(io.BytesIO(shown)).size, shown))


def _keep(desk: Desk, user: User, drawn: Plan | None) -> None:
    desk.state.cameras.draw(drawn)
    desk.state.forget()
    desk.state.audit.add(user.name, "plan", given=drawn is not None)
