"""What a search of a gallery found: a list that stays as it is, whatever is added meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from reseen.errors import ReseenError
from reseen.search.search import Match, evidence


@dataclass(frozen=True, eq=False)
class Results(Sequence[Match]):
    """Matches, best first.

    Attributes:
        matches: The list.
        exact: Whether every row that passes the filter was compared; else the nearest were looked for by an index,
            which can miss some, and only their distances are exact.
        compared: How many rows pass the filter.
        order: What they are ordered by, in words, where that is not the distance they are told with; else empty.
    """

    matches: tuple[Match, ...]
    exact: bool
    compared: int
    order: str = ""

    @property
    def evidence(self) -> int | None:
        """After how many matches the evidence ends; see `reseen.search.evidence`."""
        return evidence(self.matches)

    def __len__(self) -> int:
        return len(self.matches)

    @overload
    def __getitem__(self, place: int) -> Match: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Match, ...]: ...
    def __getitem__(self, place: int | slice) -> Match | tuple[Match, ...]:
        return self.matches[place]

    def __repr__(self) -> str:
        return f"Results({self.note}: {', '.join(match.path for match in self.matches[:3])}, …)"

    @property
    def note(self) -> str:
        """How it was searched and ordered, in words."""
        way = "compared one by one" if self.exact else "looked through by the index, which can miss some"
        told = f"{self.compared:,} rows {way}"
        return f"{told}; {self.order}; distances are to the query alone" if self.order else told

    def page(self, cursor: str = "", size: int = 10) -> tuple[tuple[Match, ...], str]:
        """Returns some matches, and the cursor that goes on after them; empty after the last.

        Args:
            cursor: What the page before returned; empty for the first one.
            size: At most so many.

        Raises:
            ReseenError: If it is no cursor of this list.
        """
        if size < 1:
            raise ReseenError(f"a page has at least one match, not {size}")
        mark, _, place = cursor.partition(".")
        if cursor and not (mark == self._mark and place.isdecimal() and int(place) < len(self)):
            raise ReseenError(f"{cursor!r} is no cursor of this search; begin with its first page")
        start = int(place or 0)
        end = min(start + size, len(self))
        return self.matches[start:end], f"{self._mark}.{end}" if end < len(self) else ""

    @property
    def _mark(self) -> str:
        """Tells this list from others."""
        return hashlib.sha256("".join(match.id for match in self.matches).encode()).hexdigest()[:12]
