"""Which rows somebody wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter as people say it.

    Attributes:
        where: Required attributes, such as ``upper_color=red and backpack=yes``; empty: any.
        cameras: Only these; empty: all.
        since: Only from this second on.
        until: Only up to this second.
    """

    where: str = ""
    cameras: Sequence[int] = ()
    since: float | None = None
    until: float | None = None


ALL = Wanted()
"""Every row."""
