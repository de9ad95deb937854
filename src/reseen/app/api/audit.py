"""The audit trail."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from reseen.app import messages
from reseen.app.api.parameters import Size, ThisDesk
from reseen.app.web.door import Overseer

router = APIRouter(tags=["audit"])


@router.get("/audit")
def audit(
    desk: ThisDesk, user: Overseer, before: Annotated[int, Query(ge=0, le=2**62)] = 0, size: Size = 100
) -> messages.AuditPage:
    """Returns entries, newest first, and whether the chain of hashes holds."""
    entries = desk.state.audit.entries(before, size)
    return messages.AuditPage(
        entries=tuple(messages.AuditEntry(**asdict(entry)) for entry in entries),
        cursor=str(entries[-1].number) if entries and entries[-1].number > 1 else "",
        problems=tuple(desk.state.audit.problems()),
    )
