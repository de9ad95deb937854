"""The audit trail, page by page."""

from __future__ import annotations

from dataclasses import asdict

from reseen.app import messages
from reseen.app.desk import Desk


def trail(desk: Desk, before: int, size: int) -> messages.AuditPage:
    """Returns entries with smaller numbers, newest first, and whether the chain of hashes holds; 0: the newest."""
    entries = desk.state.audit.entries(before, size)
    return messages.AuditPage(
        entries=tuple(messages.AuditEntry(**asdict(entry)) for entry in entries),
        cursor=str(entries[-1].number) if entries and entries[-1].number > 1 else "",
        problems=tuple(desk.state.audit.problems()),
    )
