"""Parameters that several routes take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from reseen.app.desk import Desk
from reseen.app.finding.why import Explainer


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _explainer(request: Request) -> Explainer:
    explainer: Explainer = request.app.state.explainer
    return explainer


ThisDesk = Annotated[Desk, Depends(_desk)]
ThisExplainer = Annotated[Explainer, Depends(_explainer)]
RowId = Annotated[str, Path(max_length=64, description="A row's id.", examples=["8f434346648f6b96df89dda901c5176b"])]
SearchId = Annotated[str, Path(max_length=64, description="A search's id.", examples=["Zk3dYh0fX2aB"])]
Reference = Annotated[
    str,
    Query(
        max_length=128,
        description="A picture: row:ID, or query:SEARCH.PLACE for one that was searched by.",
        examples=["row:8f434346648f6b96df89dda901c5176b"],
    ),
]
Where = Annotated[
    str, Query(max_length=2000, description="Required attributes.", examples=["upper_color=red and backpack=yes"])
]
_WHOLE = 2**63 - 1
Cameras = Annotated[
    list[Annotated[int, Query(ge=-_WHOLE, le=_WHOLE)]], Query(max_length=200, description="Only these.")
]
Since = Annotated[float | None, Query(allow_inf_nan=False, description="Only from this second on.")]
Until = Annotated[float | None, Query(allow_inf_nan=False, description="Only up to this second.")]
Cursor = Annotated[str, Query(max_length=128, description="What the page before returned.")]
Size = Annotated[int, Query(ge=1, le=200, description="At most so many.")]
