"""Parameters that several routes take, of pages and of the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from reseen.app.desk import Desk
from reseen.app.finding.row_filter import RowFilter
from reseen.app.finding.why import Explainer
from reseen.app.messages.base import LARGEST


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _explainer(request: Request) -> Explainer:
    explainer: Explainer = request.app.state.explainer
    return explainer


def _wanted(
    where: Annotated[
        str, Query(max_length=2000, description="Required attributes.", examples=["upper_color=red and backpack=yes"])
    ] = "",
    camera: Annotated[
        list[Annotated[int, Query(ge=-LARGEST, le=LARGEST)]], Query(max_length=200, description="Only these.")
    ] = [],  # noqa: B006 - FastAPI makes a new one for each request
    since: Annotated[float | None, Query(allow_inf_nan=False, description="Only from this second on.")] = None,
    until: Annotated[float | None, Query(allow_inf_nan=False, description="Only up to this second.")] = None,
) -> RowFilter:
    return RowFilter(where, camera, since, until)


ThisDesk = Annotated[Desk, Depends(_desk)]
ThisExplainer = Annotated[Explainer, Depends(_explainer)]
ThisFilter = Annotated[RowFilter, Depends(_wanted)]
RowId = Annotated[str, Path(max_length=64, description="A row's id.", examples=["8f434346648f6b96df89dda901c5176b"])]
JobId = Annotated[str, Path(max_length=64, description="A job's id.", examples=["pQ9x_3sLr0aC"])]
SearchId = Annotated[str, Path(max_length=64, description="A search's id.", examples=["Zk3dYh0fX2aB"])]
Reference = Annotated[
    str,
    Query(
        max_length=128,
        description="A picture: row:ID, or query:SEARCH.PLACE for one that was searched by.",
        examples=["row:8f434346648f6b96df89dda901c5176b"],
    ),
]
MapName = Annotated[str, Query(max_length=128, description="One of the maps; by default the merged one.")]
Cursor = Annotated[str, Query(max_length=128, description="What the page before returned.")]
Size = Annotated[int, Query(ge=1, le=200, description="At most so many.")]
