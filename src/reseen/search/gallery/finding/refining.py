"""What is done to the nearest rows once they are found: measured to those sought alone, and re-ranked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.descriptors.distances import exact_squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.reranking import ReRanking
from reseen.search.gallery.finding.results import Results
from reseen.search.gallery.finding.sought import UNLIKE_WEIGHT, Sought
from reseen.search.gallery.keeping.layout import matrix

RERANKED = 200
"""So many of the nearest rows are re-ranked, or as many as are asked for."""


def refine(found: Results, table: Any, sought: Sought, top: int, *, rerank: bool) -> Results:
    """Returns at most ``top`` of what was found, with distances to the centre of those sought.

    Args:
        found: The nearest rows to the point that was searched around, which unlike pictures have moved.
        table: The store's table.
        sought: Who is sought.
        top: At most so many.
        rerank: Whether to order them by k-reciprocal encoding (`ReRanking`) among themselves.

    Raises:
        ReseenError: If a deletion came between; then they have to be looked for again.
    """
    if not found:
        return found
    features = _descriptors(table, [match.id for match in found], len(sought.point))
    distances = np.sqrt(exact_squared_distances([sought.centre], [features], np.arange(len(features))))
    order = _reranked(sought.point, features) if rerank else np.arange(len(features))
    matches = (
        replace(found[place], rank=rank, distance=float(distances[place]))
        for rank, place in enumerate(order[:top].tolist(), start=1)
    )
    return replace(found, matches=tuple(matches), order=_order(len(found), bool(len(sought.unlike)), rerank=rerank))


def _order(count: int, unlike: bool, *, rerank: bool) -> str:
    """Says what `refine` orders ``count`` rows by; empty if by their distance."""
    less = f"squared distance to the query less {UNLIKE_WEIGHT:g} of that to whom it is not"
    if rerank:
        return f"the nearest {count:,}{f' by {less}' if unlike else ''} ordered by their own neighbours"
    return f"ordered by {less}" if unlike else ""


def _reranked(point: NDArray[np.float32], features: NDArray[np.float32]) -> NDArray[np.int64]:
    def embedded(rows: NDArray[np.float32]) -> Embeddings:
        nobody = np.zeros(len(rows), dtype=np.int64)
        return Embeddings(rows, nobody, nobody)

    return np.argsort(ReRanking().distances(embedded(point[None]), embedded(features))[0], kind="stable")


def _descriptors(table: Any, ids: list[str], width: int) -> NDArray[np.float32]:
    """Returns the descriptors (n, d) of rows with some hashes, in their order."""
    listed = ", ".join(f"'{one}'" for one in ids)
    rows = table.search().where(f"id IN ({listed})").select(["id", "descriptor"]).to_arrow()
    place = {one: row for row, one in enumerate(rows["id"].to_pylist())}
    if len(place) < len(ids):
        raise ReseenError("the gallery was deleted from during the search; search again")
    return matrix(rows["descriptor"], width)[[place[one] for one in ids]]
