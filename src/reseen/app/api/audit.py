"""The audit trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from reseen.app import messages
from reseen.app.finding.trail import trail
from reseen.app.parameters import Size, ThisDesk
from reseen.app.web.door import Overseer

router = APIRouter(tags=["audit"])


@router.get("/audit")
def audit(
    desk: ThisDesk, user: Overseer, before: Annotated[int, Query(ge=0, le=2**62)] = 0, size: Size = 100
) -> messages.AuditPage:
    """Returns entries, newest first, and whether the chain of hashes holds."""
    return trail(desk, before, size)
