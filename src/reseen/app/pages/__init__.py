"""Everything the application does, as pages for people: routes stay thin, and templates have the words."""

from __future__ import annotations

from fastapi import APIRouter

from reseen.app.pages import browse, cameras, keep, login, people, search, trail

router = APIRouter(include_in_schema=False)
for part in (login, search, people, browse, keep, cameras, trail):
    router.include_router(part.router)
