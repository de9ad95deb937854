"""Ranking by picture, by attributes and by both on a gallery small enough to rank by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from reseen.data.attributes import AttributeSchema, binary
from reseen.descriptors.distance import Distance, Euclidean, Mahalanobis, Sum
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.search import Match, parse_where, search

SCHEMA = AttributeSchema("small", (binary("gender", ("male", "female")), binary("hat")))
MALE = np.array([0.9, 0.2, 0.8, 0.6, 0.7])
HAT = np.array([0.6, 0.9, 0.1, 0.8, 0.3])


def gallery() -> Embeddings:
    """Five images; distances to (0, 0) are 5, 1, 2, 0, 1."""
    return Embeddings(
        np.array([[3, 4], [1, 0], [0, 2], [0, 0], [0, -1]], dtype=np.float32),
        np.array([7, 7, 8, 9, 0]),
        np.array([1, 2, 1, 1, 3]),
        {
            "gender": np.stack([MALE, 1 - MALE], axis=1).astype(np.float32),
            "hat": np.stack([1 - HAT, HAT], axis=1).astype(np.float32),
        },
        [f"g{row}.jpg" for row in range(5)],
    )


def picture(features: ArrayLike, model: str = "") -> Embeddings:
    """One query picture of nobody known."""
    return Embeddings(np.atleast_2d(np.asarray(features, np.float32)), np.array([-1]), np.array([0]), model=model)


ORIGIN = picture([0, 0])


@pytest.mark.parametrize(
    ("with_picture", "where", "options", "rows"),
    [
        (True, None, {}, [3, 1, 4, 2, 0]),  # 1 and 4 are equally far: the gallery's order decides
        (True, None, {"top": 2}, [3, 1]),
        (True, None, {"top": 99}, [3, 1, 4, 2, 0]),
        (True, None, {"exclude": (7, 2)}, [3, 4, 2, 0]),
        (True, None, {"exclude": (7, 9)}, [3, 1, 4, 2, 0]),
        (True, "gender=male", {}, [3, 4, 2, 0]),
        (True, "gender=male and hat=yes", {}, [3, 0]),
        (True, "gender=male", {"exclude": (9, 1), "top": 1}, [4]),
        (False, "gender=male", {}, [0, 2, 4, 3]),
        (False, "gender=male and hat=yes", {}, [0, 3]),  # .54 before .48
        (False, "gender=female and hat=no", {}, []),
    ],
)
def test_ranking(with_picture: bool, where: str | None, options: dict[str, Any], rows: list[int]) -> None:
    wanted = parse_where(where, SCHEMA) if where else None
    matches = search(gallery(), ORIGIN if with_picture else None, schema=SCHEMA, where=wanted, **options)
    assert [match.row for match in matches] == rows
    assert [match.rank for match in matches] == list(range(1, len(rows) + 1))


def test_match_carries_what_is_known() -> None:
    match = search(gallery(), ORIGIN, schema=SCHEMA, where=parse_where("gender=male and hat=yes", SCHEMA))[1]
    assert (match.path, match.pid, match.camid, match.row) == ("g0.jpg", 7, 1, 0)
    assert match.distance == pytest.approx(5.0)
    assert match.fits == pytest.approx(0.54)
    assert {name: value for name, (value, _) in match.attributes.items()} == {"gender": "male", "hat": "yes"}
    assert [probability for _, probability in match.attributes.values()] == pytest.approx([0.9, 0.6])


def test_without_attributes_or_paths() -> None:
    bare = Embeddings(gallery().features, gallery().pids, gallery().camids)
    match = search(bare, ORIGIN)[0]
    assert (match.row, match.path, match.attributes, match.fits) == (3, "", {}, None)


def test_attributes_alone_have_no_distance() -> None:
    assert search(gallery(), None, schema=SCHEMA, where=parse_where("hat=yes", SCHEMA))[0].distance is None


def test_distances_equal_the_definition_across_chunks() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(5000, 8)).astype(np.float32)
    query = rng.normal(size=8).astype(np.float32)
    expected = np.linalg.norm(features.astype(np.float64) - query, axis=1)
    zeros = np.zeros(5000, dtype=np.int64)
    matches = search(Embeddings(features, zeros, zeros), picture(query), top=5000)
    assert [match.row for match in matches] == np.argsort(expected, kind="stable").tolist()
    assert [match.distance for match in matches] == pytest.approx(np.sort(expected), rel=1e-5)


PARTS = {"left": 1, "right": 1}


@pytest.mark.parametrize(
    ("distance", "rows", "farthest", "parts"),
    [
        (Euclidean(), [3, 1, 4, 2, 0], 5.0, {"left": 9, "right": 16}),
        # The second coordinate counts three times as much: 1, 6, 0, 3 and √(9 + 144).
        (Mahalanobis(matrix=[[1, 0], [0, 3]]), [3, 1, 4, 2, 0], np.sqrt(153), {"left": 9, "right": 144}),
        (Mahalanobis(matrix=[[3, 0], [0, 1]]), [3, 4, 2, 1, 0], np.sqrt(97), {"left": 81, "right": 16}),
        # Both coordinates in one: 7, 1, 2, 0, 1; half of the product of both belongs to either.
        (Mahalanobis(matrix=[[1, 1]]), [3, 1, 4, 2, 0], 7.0, {"left": 21, "right": 28}),
        (
            Sum(terms=(Euclidean(features=("left",), weight=3), Euclidean(features=("right",)))),
            [3, 4, 2, 1, 0],
            13.0,
            {"left": 9, "right": 4},
        ),
    ],
)
def test_any_distance_ranks_and_is_split(
    distance: Distance, rows: list[int], farthest: float, parts: dict[str, float]
) -> None:
    searched = replace(gallery(), parts=PARTS, distance=distance)
    matches = search(searched, replace(ORIGIN, parts=PARTS, distance=distance))
    assert [match.row for match in matches] == rows
    assert matches[-1].distance == pytest.approx(farthest)
    assert matches[-1].parts == pytest.approx(parts)


def test_a_split_needs_names_and_a_picture() -> None:
    assert search(gallery(), ORIGIN)[0].parts == {}
    wanted = parse_where("hat=yes", SCHEMA)
    assert search(replace(gallery(), parts=PARTS), None, schema=SCHEMA, where=wanted)[0].parts == {}


HAT_YES = parse_where("hat=yes", SCHEMA)
EMPTY = gallery()[np.zeros(5, dtype=bool)]
BARE = Embeddings(gallery().features, gallery().pids, gallery().camids)


@pytest.mark.parametrize(
    ("searched", "query", "options", "says"),
    [
        (EMPTY, ORIGIN, {}, "the gallery is empty"),
        (gallery(), None, {}, "nothing to search for"),
        (gallery(), picture([0, 0, 0]), {}, "length 3 and 2 cannot be compared"),
        (gallery(), gallery(), {}, "one picture at a time, not 5"),
        (replace(gallery(), model="a"), picture([0, 0], model="b"), {}, "model b and of model a cannot be compared"),
        (gallery(), ORIGIN, {"top": 0}, "top must be at least 1"),
        (gallery(), ORIGIN, {"where": HAT_YES}, "cannot filter by hat=yes"),
        (BARE, ORIGIN, {"where": HAT_YES, "schema": SCHEMA}, "no predictions of attribute 'hat'"),
        (
            replace(gallery(), schema=AttributeSchema("own", (binary("gender", ("female", "male")), binary("hat")))),
            None,
            {"where": HAT_YES, "schema": SCHEMA},
            r"the gallery has gender \(female, male\), the model gender \(male, female\); both",
        ),
    ],
)
def test_errors(searched: Embeddings, query: Embeddings | None, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ReseenError, match=says):
        search(searched, query, **options)


@pytest.mark.parametrize(
    ("pid", "query_pid", "shows"), [(3, 3, True), (4, 3, False), (0, 3, False), (-1, 3, None), (3, None, None)]
)
def test_a_match_knows_whether_it_shows_the_person(pid: int, query_pid: int | None, shows: bool | None) -> None:
    assert Match(1, 0, "a.jpg", 0.5, None, 1, pid).shows(query_pid) is shows
