"""Why two pictures are near or far, and where a person was seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding import looking
from reseen.app.finding.rows import row_message
from reseen.app.parameters import MapName, Reference, RowId, ThisDesk, ThisExplainer
from reseen.app.state.users import User
from reseen.app.web.door import Visitor
from reseen.app.web.render import page

router = APIRouter()
_LANE, _EDGE = 34, 3.0
"""Pixels of a camera's lane on the timeline, and percent of its width that stay free on either side."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One appearance on the timeline.

    Attributes:
        row: The row.
        x: Percent of the timeline's width.
        y: Pixels from its top.
    """

    row: messages.Row
    x: float
    y: float


@router.get("/why")
def why(
    request: Request,
    desk: ThisDesk,
    explainer: ThisExplainer,
    user: Visitor,
    one: Reference,
    other: Reference,
    map: MapName = "",
) -> Response:
    """Two pictures side by side."""
    told = explainer.why(user, one, other, map)
    rows = [_row(desk, user, each) for each in (one, other)]
    widest = max((abs(part.value) for part in told.parts), default=1.0) or 1.0
    return page(request, "why.html", why=told, rows=rows, widest=widest, map=map)


@router.get("/compare")
def compare(
    request: Request, desk: ThisDesk, user: Visitor, one: Annotated[str, Query(max_length=128)] = "", cursor: str = ""
) -> Response:
    """Chooses two pictures to compare: the first by its address, the second from the gallery."""
    if one:
        desk.picture(user, one)
    found = looking.browse(desk, user, cursor=cursor[:128])
    return page(request, "compare.html", one=one, found=found)


@router.get("/people/{row_id}")
def person(request: Request, desk: ThisDesk, user: Visitor, row_id: RowId) -> Response:
    """A person's appearances over cameras and time."""
    match = desk.match(user, row_id)
    rows = looking.appearances(desk, user, match)
    cameras = sorted({row.camera for row in rows})
    dots, ends = timeline(rows, cameras)
    return page(
        request,
        "person.html",
        row=row_message(desk, match),
        rows=rows,
        cameras=cameras,
        names={row.camera: row.camera_name for row in rows},
        dots=dots,
        ends=ends,
        lane=_LANE,
    )


def timeline(rows: list[messages.Row], cameras: list[int]) -> tuple[list[Dot], tuple[float, float] | None]:
    """Returns the rows whose time is known on a plane of time and cameras, and the first and last time."""
    known = [row for row in rows if row.seconds is not None and math.isfinite(row.seconds)]
    if not known:
        return [], None
    times = [row.seconds or 0.0 for row in known]
    first, last = min(times), max(times)
    span = (last - first) or 1.0
    room = 100 - 2 * _EDGE
    dots = [
        Dot(row, _EDGE + room * (time - first) / span, _LANE * (cameras.index(row.camera) + 0.5))
        for row, time in zip(known, times, strict=True)
    ]
    return dots, (first, last)


def _row(desk: Desk, user: User, reference: str) -> messages.Row | None:
    kind, _, name = reference.partition(":")
    return row_message(desk, desk.match(user, name)) if kind == "row" else None
