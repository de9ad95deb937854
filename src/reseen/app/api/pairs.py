"""Why two pictures are near or far."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from reseen.app import messages
from reseen.app.parameters import MapName, Reference, ThisExplainer
from reseen.app.web.door import Visitor

router = APIRouter(tags=["why"])


@router.get("/why")
def why(explainer: ThisExplainer, user: Visitor, one: Reference, other: Reference, map: MapName = "") -> messages.Why:
    """Compares two pictures: the distance taken apart, attributes side by side, and what covering a map does."""
    return explainer.why(user, one, other, map)


@router.get("/why/map", response_class=Response)
def map_picture(explainer: ThisExplainer, user: Visitor, of: Reference, map: MapName = "picture") -> Response:
    """Returns a picture with one of its maps laid over it, as JPEG; ``picture`` is the picture alone."""
    return Response(explainer.map_picture(user, of, map), media_type="image/jpeg")


@router.get("/why/part", response_class=Response)
def part_picture(
    explainer: ThisExplainer,
    user: Visitor,
    one: Reference,
    other: Reference,
    part: Annotated[str, Query(max_length=128, description="One of the parts of the distance.")],
) -> Response:
    """Returns the first picture with the places over it that a part of the distance depends on, as JPEG."""
    return Response(explainer.part_picture(user, one, other, part), media_type="image/jpeg")


@router.get("/why/covered", response_class=Response)
def covered(
    explainer: ThisExplainer,
    user: Visitor,
    one: Reference,
    other: Reference,
    by: Literal["map", "chance"] = "map",
    map: MapName = "",
) -> Response:
    """Returns the first picture as it was covered, as JPEG."""
    return Response(explainer.covered_picture(user, one, other, map, by == "chance"), media_type="image/jpeg")
