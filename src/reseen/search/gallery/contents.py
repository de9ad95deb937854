"""What a gallery's rows are of: which cameras, which sources, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from reseen.data.person import camera_word
from reseen.search.clock import clock
from reseen.search.gallery.gallery import Gallery
from reseen.search.gallery.keeping.names import Names
from reseen.search.gallery.keeping.store import Searched

_READ = 65_536
"""Rows looked through at a time."""
_NAMED = 8
"""Cameras or sources that are named; the others are counted."""


@dataclass(frozen=True)
class Contents:
    """Where the rows of a gallery come from.

    Attributes:
        cameras: How many each camera has taken.
        sources: How many came from each source; an empty one is not known.
        times: The first and the last second, or None if no time is known.
        untimed: How many have no time.
        names: Which cameras and persons have names.
    """

    cameras: Mapping[int, int]
    sources: Mapping[str, int]
    times: tuple[float, float] | None
    untimed: int
    names: Names

    def lines(self) -> list[str]:
        """Returns it in words: a line each on cameras, named persons, sources and times; none if there are no rows."""
        if not self.cameras:
            return []
        sources = {name or "unknown": count for name, count in self.sources.items()}
        called = {number: f"{number} {name}" for name, number in self.names.cameras.items()}
        lines = [f"cameras: {_named(self.cameras, lambda camera: called.get(camera) or camera_word(camera))}"]
        if self.names.persons:
            lines.append(f"persons with names: {len(self.names.persons):,}")
        lines.append(f"sources: {_named(sources)}")
        if self.times is None:
            return [*lines, "times: none is known"]
        without = f"; {self.untimed:,} rows have none" if self.untimed else ""
        return [*lines, f"times: {clock(self.times[0])} to {clock(self.times[1])}{without}"]


def contents_of(gallery: Gallery) -> Contents:
    """Counts the rows of a gallery by camera and source, and looks for the first and the last time.

    Raises:
        ReseenError: If it cannot be read.
    """

    def see(rows: Searched) -> Contents:
        cameras, sources, untimed = Counter[int](), Counter[str](), 0
        first, last = float("inf"), float("-inf")
        for batch in rows.table.search().select(["camera", "source", "seconds"]).to_batches(_READ):
            cameras.update(_counts(batch["camera"]))
            sources.update(_counts(batch["source"]))
            untimed += batch["seconds"].null_count
            span = pc.min_max(batch["seconds"]).as_py()
            if span["min"] is not None:
                first, last = min(first, span["min"]), max(last, span["max"])
        return Contents(cameras, sources, (first, last) if first <= last else None, untimed, gallery.names)

    return gallery.store.look(see) or Contents({}, {}, None, 0, Names())


def _counts(values: Any) -> dict[Any, int]:
    return {one["values"]: one["counts"] for one in pc.value_counts(values).to_pylist()}


def _named(counts: Mapping[Any, int], word: Callable[[Any], str] = str) -> str:
    """Returns such as ``1 (120 rows), 2 (30)``, those with the most rows first."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{word(name)} ({count:,}{'' if place else ' rows'})" for place, (name, count) in enumerate(most[:_NAMED])]
    if len(most) > _NAMED:
        words.append(f"and {len(most) - _NAMED:,} more")
    return ", ".join(words)
