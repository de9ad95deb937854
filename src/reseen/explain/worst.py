"""The worst queries as pictures: what was found before the right person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from reseen.data.person import UNKNOWN_PID, camera_word
from reseen.descriptors.distances import exact_squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.cross_camera import own_camera
from reseen.explain.drawing.ranked_list import RankedResult, ranked_list_picture, tiled

_SIZE = (160, 80)
"""Height and width of every picture: eight queries fill a page."""


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """A query, its best right match, and what was ranked wrongly.

    Attributes:
        query: The query's row.
        ranks: Ranks (1 = nearest) of the images to show: the first right one, if there is any, then wrong ones.
        rows: Their gallery rows.
    """

    query: int
    ranks: NDArray[np.int64]
    rows: NDArray[np.int64]


def worst_queries(average_precision: ArrayLike, count: int = 8) -> NDArray[np.int64]:
    """Returns the rows of the queries with the lowest average precision, worst first.

    Args:
        average_precision: (Q,); NaN for queries without a right match, which are left out.
        count: At most this many.
    """
    values = np.asarray(average_precision, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    return order[np.isfinite(values[order])][:count].astype(np.int64)


def ranked_gallery_rows(query: Embeddings, gallery: Embeddings, row: int) -> NDArray[np.int64]:
    """Ranks the gallery for one query under the cross-camera rule.

    Images of the query's person under its own camera are passed over, and so are junk images
    (spec README.md, "Evaluation, exactly").

    Args:
        query: All queries.
        gallery: The gallery.
        row: The query's row.

    Returns:
        Gallery rows, nearest first.

    Raises:
        ReseenError: If the descriptors of query and gallery cannot be compared.
    """
    query.check_comparable(gallery)
    one, many, everything = query.spaces(), gallery.spaces(), np.arange(len(gallery))
    distances = exact_squared_distances([space[row] for space in one], many, everything)
    own = own_camera(gallery.pids, gallery.camids, query.pids[row], query.camids[row])
    order = np.argsort(distances, kind="stable")
    allowed = ~(own | (gallery.pids == UNKNOWN_PID))
    return np.asarray(order[allowed[order]], dtype=np.int64)


def find_failures(query: Embeddings, gallery: Embeddings, rows: ArrayLike, *, wrong: int = 6) -> list[Failure]:
    """Returns for some queries where the right person was found, and who came first.

    Args:
        query: All queries.
        gallery: The gallery.
        rows: (n,) rows of the queries, from `worst_queries`.
        wrong: How many wrong images for each.

    Raises:
        ReseenError: If query and gallery have descriptors that cannot be compared.
    """
    failures = []
    for row in np.asarray(rows, dtype=np.int64):
        ranked = ranked_gallery_rows(query, gallery, int(row))
        right = gallery.pids[ranked] == query.pids[row]
        places = np.concatenate([np.flatnonzero(right)[:1], np.flatnonzero(~right)[:wrong]])
        failures.append(Failure(int(row), places + 1, ranked[places]))
    return failures


def worst_queries_picture(
    query: Embeddings,
    gallery: Embeddings,
    average_precision: ArrayLike,
    failures: Sequence[Failure],
    open_query: Callable[[int], Image.Image],
    open_gallery: Callable[[int], Image.Image],
) -> Image.Image:
    """Draws for each query its picture with its AP, the best right match with its rank, and the first wrong ones.

    Args:
        query: All queries.
        gallery: The gallery.
        average_precision: (Q,) AP of every query.
        failures: What to draw, from `find_failures`; eight are a page of 1,200 pixels' height.
        open_query: Returns the picture of a query row.
        open_gallery: Returns the picture of a gallery row.

    Raises:
        ReseenError: If there is no query to draw.
    """
    if not failures:
        raise ReseenError("no query to draw: none has a right match in the gallery")
    precision = np.asarray(average_precision, dtype=np.float64)
    columns = max(len(failure.rows) for failure in failures)

    def line(failure: Failure) -> Image.Image:
        person, camera = int(query.pids[failure.query]), int(query.camids[failure.query])
        results = [
            RankedResult(
                open_gallery(int(row)),
                (f"person {gallery.pids[row]}", f"camera {camera_word(int(gallery.camids[row]))}"),
                bool(gallery.pids[row] == person),
                int(rank),
            )
            for rank, row in zip(failure.ranks, failure.rows, strict=True)
        ]
        facts = (f"person {person}", f"camera {camera_word(camera)}", f"AP {precision[failure.query]:.1%}")
        return ranked_list_picture(open_query(failure.query), results, query_lines=facts, columns=columns, size=_SIZE)

    return tiled([line(failure) for failure in failures], columns=2)
