"""The worst queries: which they are, what was found for them, and how they are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from reseen.descriptors.distance import Mahalanobis
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.explain import top_gallery_rows, worst_queries, worst_queries_picture
from reseen.explain.ranked_list import RIGHT, WRONG


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


@pytest.mark.parametrize(
    ("rows", "top", "expected"),
    [
        ([0], 2, [[1, 3]]),
        ([0], 4, [[1, 3, 4, -1]]),
        ([1, 0], 3, [[4, 5, 3], [1, 3, 4]]),
        ([], 2, []),
    ],
)
def test_top_gallery_rows_keep_the_cross_camera_rule(rows: list[int], top: int, expected: list[list[int]]) -> None:
    assert top_gallery_rows(QUERY, GALLERY, rows, top).tolist() == expected


def test_top_gallery_rows_equal_brute_force() -> None:
    rng = np.random.default_rng(1)
    query = Embeddings(rng.normal(size=(9, 16)), rng.integers(1, 5, 9), rng.integers(1, 4, 9))  # type: ignore[arg-type]
    gallery = Embeddings(rng.normal(size=(80, 16)), rng.integers(-1, 5, 80), rng.integers(1, 4, 80))  # type: ignore[arg-type]
    for row, found in enumerate(top_gallery_rows(query, gallery, np.arange(9), 7)):
        distances = np.linalg.norm(gallery.features.astype(float) - query.features[row], axis=1)
        allowed = [
            g
            for g in np.argsort(distances, kind="stable")
            if gallery.pids[g] != -1
            and not (gallery.pids[g] == query.pids[row] and gallery.camids[g] == query.camids[row])
        ]
        assert found.tolist() == allowed[:7]


def test_top_gallery_rows_go_by_the_descriptors_own_distance() -> None:
    gallery = Embeddings([[1, 0], [0, 2]], [1, 1], [2, 3])  # type: ignore[arg-type]
    query = Embeddings([[0, 0]], [1], [1])  # type: ignore[arg-type]
    assert top_gallery_rows(query, gallery, [0], 2).tolist() == [[0, 1]]
    stretched = Mahalanobis(matrix=[[3, 0], [0, 1]])
    query, gallery = replace(query, distance=stretched), replace(gallery, distance=stretched)
    assert top_gallery_rows(query, gallery, [0], 2).tolist() == [[1, 0]]


def test_descriptors_of_two_models_are_refused() -> None:
    other = Embeddings(np.zeros((1, 3), dtype=np.float32), np.array([1]), np.array([1]))
    with pytest.raises(ReseenError, match="length 1 and 3 cannot be compared"):
        top_gallery_rows(QUERY, other, [0])


def test_picture_has_a_line_a_query_with_verdicts_in_order() -> None:
    opened: list[tuple[str, int]] = []

    def open_as(kind: str, gray: int) -> Image.Image:
        opened.append((kind, gray))
        return Image.new("RGB", (8, 16), (gray, gray, gray))

    rows = np.array([1, 0])
    ranked = top_gallery_rows(QUERY, GALLERY, rows, 4)
    drawn = worst_queries_picture(
        QUERY, GALLERY, [0.2, 0.1], rows, ranked, lambda row: open_as("q", row), lambda row: open_as("g", row)
    )
    assert [row for kind, row in opened if kind == "q"] == [1, 0]
    assert [row for kind, row in opened if kind == "g"] == [4, 5, 3, 1, 1, 3, 4]
    pixels = np.asarray(drawn)
    step, first, height = 144 + 10 + 12, 16 + 144 + 10 + 12 + 24, drawn.height // 2
    verdicts = [
        [tuple(pixels[line * height + 16 + 26 + 100, first + place * step]) for place in range(4)] for line in range(2)
    ]
    # Query 1 is person 2: row 4 is right. Query 0 is person 1: row 1 is right, and the last place stays empty.
    assert verdicts == [[RIGHT, WRONG, WRONG, WRONG], [RIGHT, WRONG, WRONG, (255, 255, 255)]]


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(ReseenError, match="no query to draw"):
        worst_queries_picture(QUERY, GALLERY, [], [], np.zeros((0, 3)), Image.open, Image.open)  # type: ignore[arg-type]
