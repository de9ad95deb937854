"""Everything the application does, as JSON."""

from __future__ import annotations

from fastapi import APIRouter

from reseen.app.api import audit, cameras, deletion, jobs, model, pairs, rows, searches, session
from reseen.app.web.problems import PROBLEMS

router = APIRouter(prefix="/api", responses=PROBLEMS)
for part in (session, searches, rows, cameras, pairs, deletion, jobs, model, audit):
    router.include_router(part.router)
