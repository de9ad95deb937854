"""Writing newcomers into a table: only what is new, and what was deleted before only if that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseen.errors import ReseenError
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.finding import index
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.names import numbered
from reseen.search.gallery.keeping.rows import Newcomers
from reseen.search.gallery.keeping.store import Store

_READ = 65_536
"""Hashes looked through at a time."""
_REMEDY = "add them with again=True (--again) if they are really to come back"


@dataclass(frozen=True, slots=True)
class Admitted:
    """What has become of newcomers.

    Attributes:
        new: How many the gallery has got.
        deleted: How many were left out, as they were deleted from it before.
    """

    new: int = 0
    deleted: int = 0

    def __add__(self, other: Admitted) -> Admitted:
        return Admitted(self.new + other.new, self.deleted + other.deleted)

    def note(self, place: Path | str) -> str:
        """Returns in words how many were left out of a gallery; empty if none were."""
        if not self.deleted:
            return ""
        return f"deleted from {place} before, and so left out: {self.deleted:,}; {_REMEDY}"


def insert(store: Store, name: str, newcomers: Newcomers, layout: Layout, *, again: bool) -> Admitted:
    """Writes what is new into one of the tables, within the `Store.writing` lock.

    Args:
        store: The gallery's.
        name: The table.
        newcomers: What may be new.
        layout: The table's.
        again: Whether to add also what was deleted.

    Raises:
        ReseenError: If all from one of their sources was deleted, or something cannot be written.
    """
    with store.told():
        table = store.table(name)
        there = already(table, newcomers.ids)
        first = {one: row for row, one in reversed(list(enumerate(newcomers.ids))) if one not in there}
        deleted = _deleted(store, newcomers, first, again=again)
        rows = np.array(sorted(row for one, row in first.items() if one not in deleted), dtype=np.int64)
        newcomers.embeddings = numbered(store, newcomers.embeddings, rows)
        for part in newcomers.tables(rows, layout):
            table.add(part)
        if (count := table.count_rows()) > index.EXACT_ROWS:
            index.build_if_due(table, count)
        store.tidy(name, always=False)
    return Admitted(len(rows), len(deleted))


def already(table: Any, ids: Iterable[str]) -> set[str]:
    """Returns which of some hashes a table has; however many rows that are, memory holds no more than these."""
    wanted, found = pa.array(sorted(set(ids)), pa.string()), set()
    for batch in table.search().select(["id"]).to_batches(_READ):
        found.update(batch["id"].filter(pc.is_in(batch["id"], value_set=wanted)).to_pylist())
    return found


class DeletedBeforeError(ReseenError):
    """Something was deleted from the gallery before, and nobody has said that it is to come back."""


def check_sources(store: Store, sources: Iterable[str]) -> None:
    """Makes sure that no source was deleted as a whole.

    Raises:
        DeletedBeforeError: If one was; says how it comes back all the same.
    """
    with store.told():
        buried = deletion.buried(store)
    if gone := [source for source in sources if source and deletion.source_id(source) in buried]:
        raise DeletedBeforeError(f"everything from {min(gone)} was deleted from {store.place}: {_REMEDY}")


def _deleted(store: Store, newcomers: Newcomers, first: Mapping[str, int], *, again: bool) -> set[str]:
    """Returns the hashes of newcomers that are to be left out, as they were deleted before.

    Args:
        store: The gallery's.
        newcomers: What may be new.
        first: Their rows that are, by hash.
        again: Whether to leave out nothing, and to forget that these were deleted.

    Raises:
        DeletedBeforeError: If all from one of their sources was deleted.
    """
    sources = {newcomers.sources[row] for row in first.values()}
    if not again:
        check_sources(store, sources)
    buried = deletion.buried(store)
    gone = buried.intersection(first)
    if not again:
        return gone
    if back := gone | buried.intersection(map(deletion.source_id, sources)):
        deletion.unbury(store, back)
    return set()
