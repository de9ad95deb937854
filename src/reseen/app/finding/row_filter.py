"""Which rows somebody wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowFilter:
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

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out, which is a search for somebody and needs a purpose."""
        return bool(self.where.strip() or self.cameras) or self.since is not None or self.until is not None


ALL = RowFilter()
"""Every row."""
