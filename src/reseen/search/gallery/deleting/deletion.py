"""Deleting for good: rows, pictures, index entries, old versions and other models' tables are gone from disk."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa

from reseen.errors import ReseenWarning
from reseen.search.clock import EPOCH_FROM
from reseen.search.gallery.deleting import exports, receipt
from reseen.search.gallery.deleting.exports import Tried
from reseen.search.gallery.deleting.receipt import Receipt
from reseen.search.gallery.keeping.names import forget_gone
from reseen.search.gallery.keeping.store import Store

MARK, _GRAVES = "deleting", "deleted"
"""Files that say that a deletion has begun, and what was deleted."""
_ROWS = 1024
"""Rows copied at a time; with pictures they take some ten megabytes."""


def delete(store: Store, sql: str, *, sources: Iterable[str] = (), scan: bool = False) -> Receipt:
    """Deletes rows from every model's table, within the `Store.writing` lock.

    LanceDB marks rows as deleted and keeps the old versions, so each table is written anew without them, in one commit,
    and everything but this version is removed. Pictures drawn of the rows come last: one that cannot be deleted keeps
    no row, and is tried again by every deletion to come.

    Args:
        store: The gallery's.
        sql: Which rows.
        sources: Sources that are deleted as a whole: whatever is to be added from them has to be asked for again.
        scan: Whether to look for the rows in every byte afterwards.
    """
    store.drop_torn()
    with store.told():
        ids = {name: _ids(store, name, sql) for name in store.names()}
        whole = {one for found in ids.values() for one in found}
        counts = {name: len(found) for name, found in ids.items()}
        made = Receipt(str(store.place), receipt.now(), counts.get(store.settings()["current"], 0), counts)
        if not whole:
            return made.after(exports.delete_due(store))
        looked_for = receipt.needles(store, sql) if scan else []
        exports.doom(store, whole)
        bury(store, whole | {source_id(each) for each in sources})
        store.files.write(MARK, b"")
        for name in ids:
            store.table(name).delete(sql)
        made = made.after(_through(store))
        return receipt.scanned(made, store.files, looked_for) if scan else made


def finish(store: Store) -> None:
    """Sees a deletion through that has begun, also one that was killed anywhere; warns of what it cannot delete."""
    if begun(store):
        for line in receipt.undeleted_lines(_through(store).stuck):
            warnings.warn(line, ReseenWarning, stacklevel=2)


def _through(store: Store) -> Tried:
    """Writes all tables anew without what was deleted, and deletes what was drawn of it."""
    store.drop_torn()
    with store.told():
        gone = buried(store)
        for name in store.names():
            _rewrite(store, name, gone)
            pa.default_memory_pool().release_unused()
        forget_gone(store)
        tried = exports.delete_due(store)
        store.files.remove(MARK)
    return tried


def begun(store: Store) -> bool:
    """Whether a deletion has begun that is not through."""
    with store.told():
        return store.files.read(MARK) is not None


def expired(days: float, now: float) -> str:
    """Returns which rows are older than some days, as SQL: by when they were added, and taken if that is known.

    Args:
        days: The retention.
        now: Seconds since 1970.
    """
    before = now - days * 86_400
    return f"added < {before!r} OR (seconds >= {EPOCH_FROM!r} AND seconds < {before!r})"


def source_id(source: str) -> str:
    """Returns the hash by which a deleted source is known again."""
    return hashlib.sha256(f"source {source}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def bury(store: Store, ids: Iterable[str]) -> None:
    """Notes whose addition has to be asked for again: 16 bytes of hash each, in no order, and nothing else."""
    _dig(store, buried(store).union(ids))


def buried(store: Store) -> set[str]:
    """Returns the hashes of what was deleted."""
    content = store.files.read(_GRAVES) or b""
    whole = np.frombuffer(content[: len(content) // 16 * 16], dtype="V16")
    return {each.tobytes().hex() for each in whole}


def unbury(store: Store, ids: Iterable[str]) -> None:
    """Forgets that some were deleted, since they were added again."""
    _dig(store, buried(store).difference(ids))


def _dig(store: Store, ids: Iterable[str]) -> None:
    """Writes all graves anew: half a hash at the end of a file would spoil whatever is put after it."""
    store.files.write(_GRAVES, b"".join(map(bytes.fromhex, sorted(ids))))


def _ids(store: Store, name: str, sql: str) -> list[str]:
    found: list[str] = store.table(name).search().where(sql).select(["id"]).to_arrow()["id"].to_pylist()
    return found


def _rewrite(store: Store, name: str, gone: Collection[str]) -> None:
    table = store.table(name)
    schema = table.schema
    rows = table.search().select(schema.names).to_batches(_ROWS)
    left = (batch.filter(pa.array([one not in gone for one in batch["id"].to_pylist()])).cast(schema) for batch in rows)
    indexed = bool(table.list_indices())
    table.add(pa.RecordBatchReader.from_batches(schema, left), mode="overwrite")
    if indexed:
        from reseen.search.gallery.finding.index import build_if_due

        build_if_due(table, table.count_rows())
    store.tidy(name)
