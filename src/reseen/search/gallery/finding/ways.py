"""The ways to find rows: compared in memory, compared as they are read, by an index, or by their attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.search.gallery.finding import index
from reseen.search.gallery.finding.filters import Filter
from reseen.search.gallery.finding.results import Results
from reseen.search.gallery.finding.vectors import Resident
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.rows import matches_of
from reseen.search.where import AttributeFilter


def in_memory(
    resident: Resident,
    point: NDArray[np.float32],
    wanted: AttributeFilter | None,
    layout: Layout,
    rows: Filter,
    top: int,
) -> Results:
    """Compares every row that passes the filter.

    Args:
        resident: The table in memory.
        point: (d,) where to search.
        wanted: The required attributes that are among the filter's conditions, or None.
        layout: The table's.
        rows: Which may be found.
        top: At most so many.
    """
    assert resident.rows is not None
    mask = rows.mask(resident.columns) if rows else None
    places, distances = resident.nearest(point, mask, top)
    compared = len(resident) if mask is None else int(mask.sum())
    return _results(resident.rows.take(places), distances, wanted, layout, exact=True, compared=compared)


def in_store(
    table: Any,
    point: NDArray[np.float32],
    wanted: AttributeFilter | None,
    layout: Layout,
    rows: Filter,
    top: int,
    *,
    exact: bool = False,
) -> Results:
    """Compares the rows that pass the filter if these are not too many, else looks for the nearest by the index.

    Args:
        table: The store's table.
        point: (d,) where to search.
        wanted: The required attributes that are among the filter's conditions, or None.
        layout: The table's.
        rows: Which may be found.
        top: At most so many.
        exact: Whether to compare them however many they are.
    """
    total = table.count_rows()
    compared = table.count_rows(rows.sql()) if rows else total
    exact = exact or compared <= index.EXACT_ROWS
    if exact:
        found, distances = index.compare_all(table, point, rows.sql(), top)
    else:
        found, distances = index.search(table, point, rows.sql() if rows else None, top, total)
    return _results(_take(table, found, layout), distances, wanted, layout, exact=exact, compared=compared)


def by_attributes(table: Any, wanted: AttributeFilter, layout: Layout, rows: Filter, top: int) -> Results:
    """Ranks the rows that pass the filter by the joint probability of the required attributes.

    Args:
        table: The store's table.
        wanted: The required attributes.
        layout: The table's, with a schema.
        rows: Which may be found.
        top: At most so many.
    """
    assert layout.schema is not None
    asked = [f"p{place}" for place, name in enumerate(layout.schema.names) if name.partition(":")[0] in wanted.names]
    asked += [f"p{place}" for place, name in enumerate(layout.schema.names) if name in wanted.names]
    read = table.search().where(rows.sql()).select(["id", *dict.fromkeys(asked)]).with_row_id(True).to_arrow()
    if not len(read):
        return Results((), True, 0)
    probabilities = wanted.probability(layout.probabilities(read), layout.schema)
    best = np.argsort(-probabilities, kind="stable")[:top]
    found = _take(table, read.take(best), layout)
    return Results(matches_of(found, layout, None, probabilities[best]), True, len(read))


def _results(
    found: pa.Table,
    distances: NDArray[np.float64],
    wanted: AttributeFilter | None,
    layout: Layout,
    *,
    exact: bool,
    compared: int,
) -> Results:
    probabilities = None
    if wanted is not None and layout.schema is not None and len(found):
        probabilities = wanted.probability(layout.probabilities(found), layout.schema)
    return Results(matches_of(found, layout, distances, probabilities), exact, compared)


def _take(table: Any, found: pa.Table, layout: Layout) -> pa.Table:
    """Returns rows, in their order, without descriptors and pictures.

    Args:
        table: The store's table.
        found: The store's own row ids ``_rowid``, which a deletion gives anew, and the hashes ``id``, which stay.
        layout: The table's.

    Raises:
        ReseenError: If a deletion came between; then they have to be looked for again.
    """
    columns = ["id", "path", "pid", "camera", "seconds", "track", "source"]
    columns += [f"p{place}" for place in range(len(layout.schema or ()))]
    if not len(found):
        return table.schema.empty_table().select(columns)
    rows = table.take_row_ids(found["_rowid"].to_pylist()).select(columns).to_arrow()
    order = {one: place for place, one in enumerate(rows["id"].to_pylist())}
    try:
        return rows.take([order[one] for one in found["id"].to_pylist()])
    except KeyError:
        raise ReseenError("the gallery was deleted from during the search; search again") from None
