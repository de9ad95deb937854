"""Everything in the gallery, newest first."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from reseen.app.finding import looking
from reseen.app.pages.form import Filters
from reseen.app.parameters import Cursor, ThisDesk
from reseen.app.web.door import Visitor
from reseen.app.web.render import page

router = APIRouter()


@router.get("/browse")
def browse(request: Request, desk: ThisDesk, user: Visitor, cursor: Cursor = "") -> Response:
    """A page of rows that pass a filter, for whoever says why they look by one."""
    filters = Filters.read(request.query_params, desk.schema())
    purpose = str(request.query_params.get("purpose", ""))
    found = None  # a link with a filter is asked why first
    if purpose or not filters.wanted.narrows:
        found = looking.browse(desk, user, filters.wanted, cursor, purpose=purpose)
    template = "_rows.html" if cursor and request.headers.get("hx-request") else "browse.html"
    return page(request, template, filters=filters, facets=filters.facets(desk, user), found=found, purpose=purpose)
