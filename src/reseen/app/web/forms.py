"""Forms of pages: whoever reads one first, door or page, does so within the same limit."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import FormData


async def form_of(request: Request) -> FormData:
    """Returns a form, with as many files as its page is for.

    Raises:
        HTTPException: 400 if there are more.
    """
    limits = request.app.state.desk.settings.limits
    files = limits.job_files if request.url.path == "/add" else 2 * limits.pictures + 2
    return await request.form(max_files=files)
