"""Galleries too large to compare every row: the nearest are looked for in the likeliest partitions (IVF)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.search.gallery.layout import matrix
from reseen.search.gallery.vectors import nearest

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
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns row ids of the store (n,) and exact distances of about the nearest rows that pass a filter.

    Args:
        table: The store's table.
        point: (d,) where to search.
        sql: The filter, applied before anything is compared.
        top: At most so many.
        rows: How many rows the table has.
    """
    query = table.search(point, vector_column_name="descriptor").select(["descriptor", "_distance"]).with_row_id(True)
    partitions = max(2, rows // _PARTITION)
    query = (
        query.limit(2 * top).minimum_nprobes(min(partitions, max(20, round(_SHARE * partitions)))).maximum_nprobes(0)
    )
    found = (query if sql is None else query.where(sql, prefilter=True)).to_arrow()
    places, distances = nearest(point, matrix(found["descriptor"], len(point)), top)
    return found["_rowid"].to_numpy()[places], distances


def compare_all(
    table: Any, point: NDArray[np.float32], sql: str, top: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns row ids (n,) and distances of exactly the nearest rows that pass a filter, read batch by batch."""
    ids, distances = np.empty(0, dtype=np.int64), np.empty(0)
    for batch in table.search().where(sql).select(["descriptor"]).with_row_id(True).to_batches(8192):
        if not len(batch):
            continue
        features = batch["descriptor"].flatten().to_numpy(zero_copy_only=False).reshape(-1, len(point))
        places, near = nearest(point, features, top)
        ids = np.concatenate([ids, batch["_rowid"].to_numpy()[places]])
        distances = np.concatenate([distances, near])
        best = np.argsort(distances, kind="stable")[:top]
        ids, distances = ids[best], distances[best]
    return ids, distances
