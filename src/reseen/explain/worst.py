"""The worst queries as pictures: what was found instead of the right person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from reseen.data.person import UNKNOWN_PID
from reseen.descriptors.distances import exact_squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.cross_camera import own_camera
from reseen.explain.ranked_list import RankedResult, ranked_list_picture, stacked

NO_ROW = -1
"""Stands in a list of ranked gallery rows where the gallery had no more."""


def worst_queries(average_precision: ArrayLike, count: int = 8) -> NDArray[np.int64]:
    """Returns the rows of the queries with the lowest average precision, worst first.

    Args:
        average_precision: (Q,); NaN for queries without a right match, which are left out.
        count: At most this many.
    """
    values = np.asarray(average_precision, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    return order[np.isfinite(values[order])][:count].astype(np.int64)


def top_gallery_rows(query: Embeddings, gallery: Embeddings, rows: ArrayLike, top: int = 10) -> NDArray[np.int64]:
    """Ranks the gallery for some queries under the cross-camera rule.

    Images of the query's person under its own camera are passed over, and so are junk images
    (spec README.md, "Evaluation, exactly").

    Args:
        query: All queries.
        gallery: The gallery.
        rows: (n,) rows of the queries to rank for.
        top: How many gallery rows for each.

    Returns:
        (n, top) gallery rows, nearest first, `NO_ROW` where the gallery had no more.

    Raises:
        ReseenError: If the descriptors of query and gallery cannot be compared.
    """
    query.check_comparable(gallery)
    chosen = np.asarray(rows, dtype=np.int64)
    one, many, everything = query.spaces(), gallery.spaces(), np.arange(len(gallery))
    ranked = np.full((len(chosen), top), NO_ROW, dtype=np.int64)
    for place, row in enumerate(chosen):
        distances = exact_squared_distances([space[row] for space in one], many, everything)
        own = own_camera(gallery.pids, gallery.camids, query.pids[row], query.camids[row])
        order = np.argsort(distances, kind="stable")
        order = order[~(own | (gallery.pids == UNKNOWN_PID))[order]][:top]
        ranked[place, : len(order)] = order
    return ranked


def worst_queries_picture(
    query: Embeddings,
    gallery: Embeddings,
    average_precision: ArrayLike,
    rows: ArrayLike,
    ranked: ArrayLike,
    open_query: Callable[[int], Image.Image],
    open_gallery: Callable[[int], Image.Image],
) -> Image.Image:
    """Draws one line of pictures a query: the query with its AP, then what was found, framed right or wrong.

    Args:
        query: All queries.
        gallery: The gallery.
        average_precision: (Q,) AP of every query.
        rows: (n,) queries to draw, from `worst_queries`.
        ranked: (n, top) gallery rows for them, from `top_gallery_rows`.
        open_query: Returns the picture of a query row.
        open_gallery: Returns the picture of a gallery row.

    Raises:
        ReseenError: If there is no query to draw.
    """
    precision = np.asarray(average_precision, dtype=np.float64)
    lines = []
    for row, found in zip(np.asarray(rows, dtype=np.int64), np.asarray(ranked, dtype=np.int64), strict=True):
        person = int(query.pids[row])
        results = [
            RankedResult(
                open_gallery(int(match)),
                (f"person {gallery.pids[match]}, cam {gallery.camids[match]}",),
                bool(gallery.pids[match] == person),
            )
            for match in found
            if match != NO_ROW
        ]
        facts = (f"AP {precision[row]:.1%}", f"person {person}, cam {query.camids[row]}")
        lines.append(ranked_list_picture(open_query(int(row)), results, query_lines=facts, columns=len(found)))
    if not lines:
        raise ReseenError("no query to draw: none has a right match in the gallery")
    return stacked(lines)
