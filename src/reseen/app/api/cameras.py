"""Cameras: what they are called, where they hang, and the plan they hang on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Path, Response, UploadFile

from reseen.app import messages
from reseen.app.finding import looking
from reseen.app.keeping import cameras as keeping
from reseen.app.messages.base import LARGEST
from reseen.app.parameters import ThisDesk
from reseen.app.web.door import Operator, Overseer, Visitor
from reseen.app.web.problems import missing

router = APIRouter(tags=["cameras"])
CameraNumber = Annotated[int, Path(ge=-LARGEST, le=LARGEST, description="A camera's number.", examples=[3])]


@router.get("/cameras")
def cameras(desk: ThisDesk, user: Visitor) -> tuple[messages.Camera, ...]:
    """Lists cameras, where they hang, and how many rows each has taken."""
    return looking.facets(desk, user).cameras


@router.put("/cameras/{camera}")
def put(desk: ThisDesk, user: Operator, camera: CameraNumber, spot: messages.Spot) -> messages.Camera:
    """Says what a camera is called and where it hangs."""
    return keeping.describe(desk, user, camera, spot)


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
    keeping.hang(desk, user, picture)


@router.delete("/plan", status_code=204)
def take_away(desk: ThisDesk, user: Overseer) -> None:
    """Takes the plan away; names and places of cameras stay."""
    keeping.take_away(desk, user)
