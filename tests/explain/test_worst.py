"""The worst queries: which they are, what was found for them, and how they are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from reseen.descriptors.distance import Mahalanobis
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.explain import find_failures, worst_queries, worst_queries_picture
from reseen.explain.drawing.ranked_list import RIGHT, WRONG
from reseen.explain.worst import ranked_gallery_rows


@pytest.mark.parametrize(
    ("precision", "count", "rows"),
    [
        ([0.9, 0.1, 0.5], 2, [1, 2]),
        ([0.9, 0.1, 0.5], 9, [1, 2, 0]),
        ([0.5, 0.5, 0.1, 0.5], 3, [2, 0, 1]),
        ([np.nan, 0.4, np.nan], 3, [1]),
        ([np.nan], 1, []),
    ],
)
def test_worst_queries(precision: list[float], count: int, rows: list[int]) -> None:
    assert worst_queries(precision, count).tolist() == rows


def line(positions: list[float], pids: list[int], camids: list[int]) -> Embeddings:
    """Images on a line: the distance is the difference of positions."""
    return Embeddings(np.array(positions, dtype=np.float32)[:, None], np.array(pids), np.array(camids))


QUERY = line([0, 10], [1, 2], [1, 1])
GALLERY = line([0, 1, 2, 3, 9, 7], [1, 1, -1, 0, 2, 1], [1, 2, 2, 2, 3, 1])
"""Rows 0 and 5 are query 0's own camera, row 2 is junk, row 3 a distractor."""


@pytest.mark.parametrize(("row", "expected"), [(0, [1, 3, 4]), (1, [4, 5, 3, 1, 0])])
def test_ranked_rows_keep_the_cross_camera_rule(row: int, expected: list[int]) -> None:
    assert ranked_gallery_rows(QUERY, GALLERY, row).tolist() == expected


def test_ranked_rows_equal_brute_force() -> None:
    rng = np.random.default_rng(1)
    query = Embeddings(rng.normal(size=(9, 16)), rng.integers(1, 5, 9), rng.integers(1, 4, 9))  # type: ignore[arg-type]
    gallery = Embeddings(rng.normal(size=(80, 16)), rng.integers(-1, 5, 80), rng.integers(1, 4, 80))  # type: ignore[arg-type]
    for row in range(9):
        distances = np.linalg.norm(gallery.features.astype(float) - query.features[row], axis=1)
        allowed = [
            g
            for g in np.argsort(distances, kind="stable")
            if gallery.pids[g] != -1
            and not (gallery.pids[g] == query.pids[row] and gallery.camids[g] == query.camids[row])
        ]
        assert ranked_gallery_rows(query, gallery, row).tolist() == allowed


def test_top_gallery_rows_go_by_the_descriptors_own_distance() -> None:
    gallery = Embeddings([[1, 0], [0, 2]], [1, 1], [2, 3])  # type: ignore[arg-type]
    query = Embeddings([[0, 0]], [1], [1])  # type: ignore[arg-type]
    assert ranked_gallery_rows(query, gallery, 0).tolist() == [0, 1]
    stretched = Mahalanobis(matrix=[[3, 0], [0, 1]])
    query, gallery = replace(query, distance=stretched), replace(gallery, distance=stretched)
    assert ranked_gallery_rows(query, gallery, 0).tolist() == [1, 0]


def test_descriptors_of_two_models_are_refused() -> None:
    other = Embeddings(np.zeros((1, 3), dtype=np.float32), np.array([1]), np.array([1]))
    with pytest.raises(ReseenError, match="length 1 and 3 cannot be compared"):
        find_failures(QUERY, other, [0])


CROWD = line([1, 2, 3, 4, 5, 6], [9, 8, 1, 7, 1, 6], [2] * 6)
"""Persons 9 and 8 are nearer to query 0 (person 1) than its best right match, which is third."""


def test_a_failure_is_the_best_right_match_and_the_first_wrong_ones() -> None:
    (failure,) = find_failures(QUERY, CROWD, [0], wrong=3)
    assert failure.query == 0
    assert failure.ranks.tolist() == [3, 1, 2, 4]
    assert failure.rows.tolist() == [2, 0, 1, 3]


def test_where_nobody_is_right_the_wrong_ones_are_left() -> None:
    (failure,) = find_failures(QUERY, line([1, 2], [9, 8], [2, 2]), [0])
    assert failure.ranks.tolist() == [1, 2]


def test_picture_shows_the_right_match_beside_the_wrong_ones() -> None:
    opened: list[tuple[str, int]] = []

    def open_as(kind: str, gray: int) -> Image.Image:
        opened.append((kind, gray))
        return Image.new("RGB", (8, 16), (gray, gray, gray))

    failures = find_failures(QUERY, CROWD, [0], wrong=3)
    drawn = worst_queries_picture(
        QUERY, CROWD, [0.2, 0.1], failures, lambda row: open_as("q", row), lambda row: open_as("g", row)
    )
    assert sorted(opened) == [("g", 0), ("g", 1), ("g", 2), ("g", 3), ("q", 0)]
    step, first = 80 + 10 + 12, 16 + 80 + 10 + 12 + 24
    frames = [tuple(np.asarray(drawn)[16 + 26 + 100, first + place * step]) for place in range(4)]
    assert frames == [RIGHT, WRONG, WRONG, WRONG]


def test_a_picture_of_eight_queries_is_a_page() -> None:
    failures = find_failures(QUERY, CROWD, [0] * 8, wrong=6)
    drawn = worst_queries_picture(QUERY, CROWD, [0.2, 0.1], failures, *[lambda _: Image.new("RGB", (64, 128))] * 2)
    assert drawn.height <= 1400
    assert drawn.width <= 2000


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(ReseenError, match="no query to draw"):
        worst_queries_picture(QUERY, GALLERY, [], [], Image.open, Image.open)  # type: ignore[arg-type]
