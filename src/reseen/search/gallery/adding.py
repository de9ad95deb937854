"""Writing newcomers into a table: only what is new, and what was deleted only if that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseen.errors import ReseenError
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.finding import index
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.rows import Newcomers
from reseen.search.gallery.keeping.store import Store

_READ = 65_536
"""Hashes looked through at a time."""


def insert(store: Store, name: str, newcomers: Newcomers, layout: Layout, *, again: bool) -> int:
    """Writes what is new into one of the tables, within the `Store.writing` lock; returns how many rows that was.

    Args:
        store: The gallery's.
        name: The table.
        newcomers: What may be new.
        layout: The table's.
        again: Whether to add also what was deleted.

    Raises:
        ReseenError: If some of it was deleted, or cannot be written.
    """
    with store.told():
        table = store.table(name)
        there = already(table, newcomers.ids)
        first = {one: row for row, one in reversed(list(enumerate(newcomers.ids))) if one not in there}
        _ask_for_deleted(store, newcomers, first, again=again)
        for rows in newcomers.tables(np.array(sorted(first.values()), dtype=np.int64), layout):
            table.add(rows)
        if (count := table.count_rows()) > index.EXACT_ROWS:
            index.build_if_due(table, count)
        store.tidy(name, always=False)
    return len(first)


def already(table: Any, ids: Iterable[str]) -> set[str]:
    """Returns which of some hashes a table has; however many rows that are, memory holds no more than these."""
    wanted, found = pa.array(sorted(set(ids)), pa.string()), set()
    for batch in table.search().select(["id"]).to_batches(_READ):
        found.update(batch["id"].filter(pc.is_in(batch["id"], value_set=wanted)).to_pylist())
    return found


class DeletedBeforeError(ReseenError):
    """Something was deleted from the gallery before, and nobody has said that it is to come back."""


def _ask_for_deleted(store: Store, newcomers: Newcomers, first: Mapping[str, int], *, again: bool) -> None:
    """Passes on what was never deleted, by its content or with all of its source; else asks for ``again``.

    Args:
        store: The gallery's.
        newcomers: What may be new.
        first: Their rows that are, by hash.
        again: Whether that has been answered.
    """
    buried = deletion.buried(store)
    gone = buried.intersection(first)
    from_sources = {source for source in {newcomers.sources[row] for row in first.values()} if source}
    sources = {source for source in from_sources if deletion.source_id(source) in buried}
    if again:
        if gone or sources:
            deletion.unbury(store, gone | {deletion.source_id(source) for source in sources})
        return
    remedy = "add them with again=True (--again) if they are really to come back"
    if gone:
        example = newcomers.paths[min(first[one] for one in gone)] or "one without a path"
        raise DeletedBeforeError(f"{len(gone):,} of these were deleted from {store.place}, such as {example}: {remedy}")
    if sources:
        raise DeletedBeforeError(f"everything from {min(sources)} was deleted from {store.place}: {remedy}")
