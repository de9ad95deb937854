"""Forms of pages: whoever reads one first, door or page, does so within the same limit."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import FormData


async def form_of(request: Request) -> FormData:
    """Returns a form, with as many files as a search is for; where thousands may come, its texts alone.

    Raises:
        HTTPException: 400 if there are more.
    """
    if hasattr(request.state, "sent"):
        texts: FormData = request.state.sent.form
        return texts
    limits = request.app.state.desk.settings.limits
    return await request.form(max_files=2 * limits.pictures + 2)
