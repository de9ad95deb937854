"""Galleries too large to compare every row: the nearest are looked for in the likeliest partitions (IVF)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.search.gallery.finding.vectors import nearest
from reseen.search.gallery.keeping.layout import matrix

EXACT_ROWS = 200_000
"""Up to so many rows are compared one by one; among more, the index looks for the nearest."""

_NAME = "descriptor_idx"
_PARTITION = 4096
"""Rows a partition."""
_SHARE = 0.25
"""A search looks into this share of the partitions: recall before speed."""


def build_if_due(table: Any, rows: int) -> None:
    """Builds the index anew once a quarter of the rows came after it; until then they are compared one by one.

    Args:
        table: The store's table.
        rows: How many it has.
    """
    from lancedb.index import BTree, IvfFlat

    made = {index.name: table.index_stats(index.name) for index in table.list_indices()}
    if _NAME in made and made[_NAME].num_unindexed_rows < _SHARE * rows:
        return
    partitions = max(2, rows // _PARTITION)
    table.create_index("descriptor", config=IvfFlat(distance_type="l2", num_partitions=partitions), name=_NAME)
    for column in ("camera", "seconds"):
        table.create_index(column, config=BTree())


def search(
    table: Any, point: NDArray[np.float32], sql: str | None, top: int, rows: int
) -> tuple[pa.Table, NDArray[np.float64]]:
    """Returns ``id`` and ``_rowid`` of about the nearest rows (n,) that pass a filter, and exact distances.

    Args:
        table: The store's table.
        point: (d,) where to search.
        sql: The filter, applied before anything is compared.
        top: At most so many.
        rows: How many rows the table has.
    """
    partitions = max(2, rows // _PARTITION)
    probes = min(partitions, max(20, round(_SHARE * partitions)))
    query = table.search(point, vector_column_name="descriptor").select(["id", "descriptor", "_distance"])
    # As many partitions more as it takes to fill the list: a filter may leave none of the likeliest.
    query = query.with_row_id(True).limit(2 * top).minimum_nprobes(probes).maximum_nprobes(0)
    found = (query if sql is None else query.where(sql, prefilter=True)).to_arrow()
    places, distances = nearest(point, matrix(found["descriptor"], len(point)), top)
    return found.select(["id", "_rowid"]).take(places), distances


def compare_all(table: Any, point: NDArray[np.float32], sql: str, top: int) -> tuple[pa.Table, NDArray[np.float64]]:
    """Returns ``id`` and ``_rowid`` of exactly the nearest rows (n,) that pass a filter, and distances."""
    found = pa.table({"id": pa.array([], pa.string()), "_rowid": pa.array([], pa.uint64())})
    distances = np.empty(0)
    for batch in table.search().where(sql).select(["id", "descriptor"]).with_row_id(True).to_batches(8192):
        if not len(batch):
            continue
        features = batch["descriptor"].flatten().to_numpy(zero_copy_only=False).reshape(-1, len(point))
        places, near = nearest(point, features, top)
        chosen = pa.table({name: batch[name].take(pa.array(places)) for name in found.column_names})
        found, distances = pa.concat_tables([found, chosen]), np.concatenate([distances, near])
        best = np.argsort(distances, kind="stable")[:top]
        found, distances = found.take(best), distances[best]
    return found, distances
