"""Rows of the gallery: one by one, page by page, and counted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from reseen.app import messages
from reseen.app.finding import looking
from reseen.app.finding.rows import row_message
from reseen.app.parameters import Cursor, RowId, Size, ThisDesk, ThisFilter
from reseen.app.web.door import Visitor
from reseen.app.web.uploads import jpeg

router = APIRouter(tags=["rows"])
Purpose = Annotated[
    str, Query(max_length=500, description="Why, where there is a filter.", examples=["lost child, case 4711"])
]


@router.get("/rows")
def browse(
    desk: ThisDesk,
    user: Visitor,
    wanted: ThisFilter,
    purpose: Purpose = "",
    cursor: Cursor = "",
    size: Size = looking.PAGE,
) -> messages.RowList:
    """Lists rows, newest first; nothing is shown twice or passed over, whatever is added meanwhile.

    By a filter it is a search: it needs a purpose, which stands in the audit trail.
    """
    return looking.browse(desk, user, wanted, cursor, size, purpose=purpose)


@router.get("/rows/{row_id}")
def row(desk: ThisDesk, user: Visitor, row_id: RowId) -> messages.Row:
    """Returns what is known of a row."""
    return row_message(desk, desk.match(user, row_id))


@router.get("/rows/{row_id}/picture", response_class=Response)
def picture(request: Request, desk: ThisDesk, user: Visitor, row_id: RowId) -> Response:
    """Returns a row's picture as JPEG. Browsers ask again each time whether it may still be seen."""
    image = desk.picture(user, f"row:{row_id}")
    headers = {"Cache-Control": "private, no-cache", "ETag": f'"{row_id}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(jpeg(image.open()), media_type="image/jpeg", headers=headers)


@router.get("/rows/{row_id}/appearances")
def appearances(desk: ThisDesk, user: Visitor, row_id: RowId) -> messages.RowList:
    """Lists where a person was seen, in order of time; that somebody looked stands in the audit trail."""
    return messages.RowList(rows=tuple(looking.appearances(desk, user, desk.match(user, row_id))), cursor="")


@router.get("/facets")
def facets(desk: ThisDesk, user: Visitor, wanted: ThisFilter) -> messages.Facets:
    """Returns what can be chosen from, and how many rows each choice would leave."""
    return looking.facets(desk, user, wanted)
