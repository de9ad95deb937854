"""Cameras as operators describe them: what they are called, where they hang, and the plan they hang on."""

from __future__ import annotations

import io

from PIL import Image, ImageOps
from starlette.datastructures import UploadFile

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding import looking
from reseen.app.finding.rows import camera_message
from reseen.app.state.cameras import Plan, Spot
from reseen.app.state.users import User
from reseen.app.web.problems import missing
from reseen.app.web.uploads import jpeg, read_pictures
from reseen.app.words import plain_line
from reseen.errors import ReseenError

_LARGEST = 1600
"""Pixels that a plan is kept with, at most."""


def describe(desk: Desk, user: User, camera: int, spot: messages.Spot) -> messages.Camera:
    """Keeps what a camera is called and where it hangs.

    Raises:
        HTTPException: 404 if it is not there, or not theirs to see.
    """
    known = {each.camera: each for each in looking.facets(desk, user).cameras}
    if camera not in known:
        raise missing(f"camera {camera}")
    desk.state.cameras.put(camera, Spot(plain_line(spot.name), spot.x, spot.y))
    desk.state.audit.add(user.name, "camera", camera=camera, **spot.model_dump())
    return camera_message(desk, camera, known[camera].count)


def hang(desk: Desk, user: User, picture: UploadFile) -> None:
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


def take_away(desk: Desk, user: User) -> None:
    """Takes the plan away; names and places of cameras stay."""
    _keep(desk, user, None)


def _keep(desk: Desk, user: User, drawn: Plan | None) -> None:
    desk.state.cameras.draw(drawn)
    desk.state.forget()
    desk.state.audit.add(user.name, "plan", given=drawn is not None)
