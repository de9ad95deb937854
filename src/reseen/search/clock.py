"""When a picture was taken, as people read it."""

from __future__ import annotations

import datetime

EPOCH_FROM = 1e8
"""Times from here on are counted from 1970, smaller ones from the beginning of a recording."""


def clock(seconds: float | None) -> str:
    """Returns a time such as ``1:02:03``, since a recording began, or ``2026-05-01 08:30:00Z``; empty if unknown."""
    if seconds is None:
        return ""
    if seconds >= EPOCH_FROM:
        try:
            return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        except (OverflowError, ValueError, OSError):  # after the year 9999: somebody's clock counts milliseconds
            return f"second {seconds:.15g}"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
