"""Each distance against its definition; its split, its projection, and what a file keeps of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from reseen.descriptors.distance import Distance, Euclidean, Mahalanobis, Sum, read_distance
from reseen.descriptors.distances import exact_squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError

PARTS = {"global": 3, "part/0": 2, "part/1": 2}
RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(4, 7)).astype(np.float32)
BASELINE = Sum(terms=(Euclidean(features=("global", "part")), Euclidean(features=("probability",), weight=0.5)))


def images(count: int, distance: Distance, seed: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)
    ids = np.arange(count)
    tables = {"hat": rng.random((count, 2)), "gender": rng.random((count, 2))}
    return Embeddings(rng.normal(size=(count, 7)), ids, ids, tables, parts=PARTS, distance=distance)


def doubles(matrix: NDArray[Any]) -> NDArray[np.float64]:
    return matrix.astype(np.float64)


def probabilities(embeddings: Embeddings) -> NDArray[np.float64]:
    assert embeddings.attributes is not None
    return np.concatenate([doubles(embeddings.attributes[name]) for name in ("hat", "gender")], axis=1)


def expected(query: Embeddings, gallery: Embeddings) -> NDArray[np.float64]:
    """(Q, G) by the definition of each."""
    q, g = doubles(query.features), doubles(gallery.features)
    if query.distance == BASELINE:
        attributes: NDArray[np.float64] = cdist(probabilities(query), probabilities(gallery))
        return cdist(q, g) + 0.5 * attributes
    if isinstance(query.distance, Mahalanobis):
        m = query.distance.weight**2 * doubles(MATRIX).T @ doubles(MATRIX)
        return np.array([[np.sqrt((a - b) @ m @ (a - b)) for b in g] for a in q])
    columns = [3, 4, 5, 6] if query.distance == PART else list(range(7))
    return (3.0 if query.distance == PART else 1.0) * cdist(q[:, columns], g[:, columns])


PART = Euclidean(features=("part",), weight=3)
ALL: dict[str, Distance] = {
    "euclidean": Euclidean(),
    "weighted part": PART,
    "mahalanobis": Mahalanobis(matrix=MATRIX),
    "weighted mahalanobis": Mahalanobis(matrix=MATRIX, weight=0.3),
    "sum": BASELINE,
}


@pytest.mark.parametrize("distance", ALL.values(), ids=ALL)
def test_distances_are_those_of_the_definition(distance: Distance) -> None:
    query, gallery = images(5, distance, 1), images(30, distance, 2)
    truth = expected(query, gallery)
    np.testing.assert_allclose(query.distances_to(gallery), truth, rtol=1e-5)
    exact = exact_squared_distances([space[2] for space in query.spaces()], gallery.spaces(), np.arange(30))
    np.testing.assert_allclose(exact, np.square(truth[2]), rtol=1e-12)


@pytest.mark.parametrize("distance", ALL.values(), ids=ALL)
def test_the_split_adds_up_to_the_distance(distance: Distance) -> None:
    query, gallery, rows = images(1, distance, 1), images(30, distance, 2), np.array([4, 0, 29])
    split = distance.split(query, gallery, rows)
    total = np.sum(list(split.values()), axis=0)
    truth = expected(query, gallery)[0, rows]
    np.testing.assert_allclose(total, truth if isinstance(distance, Sum) else np.square(truth), rtol=1e-13)


def test_parts_of_the_plain_distance_are_their_own() -> None:
    query, gallery = images(1, Euclidean(), 1), images(4, Euclidean(), 2)
    split = Euclidean().split(query, gallery, np.arange(4))
    assert list(split) == list(PARTS)
    difference = doubles(gallery.features) - query.features
    np.testing.assert_allclose(split["part/0"], np.square(difference[:, 3:5]).sum(axis=1))


def test_parts_that_a_learnt_distance_does_not_mix_are_their_own() -> None:
    blocks = np.zeros((2, 7))
    blocks[0, :3], blocks[1, 3:5] = [1, 2, 3], [4, 5]
    distance = Mahalanobis(matrix=blocks, weight=2)
    query, gallery = images(1, distance, 1), images(4, distance, 2)
    split = distance.split(query, gallery, np.arange(4))
    difference = doubles(gallery.features) - query.features
    np.testing.assert_allclose(split["global"], 4 * np.square(difference[:, :3] @ [1, 2, 3]), rtol=1e-12)
    np.testing.assert_allclose(split["part/0"], 4 * np.square(difference[:, 3:5] @ [4, 5]), rtol=1e-12)
    assert not split["part/1"].any()


def test_terms_of_a_sum_are_its_split() -> None:
    query, gallery = images(1, BASELINE, 1), images(4, BASELINE, 2)
    split = BASELINE.split(query, gallery, np.arange(4))
    assert list(split) == ["global + part", "probability"]
    np.testing.assert_allclose(split["probability"], 0.5 * cdist(probabilities(query), probabilities(gallery))[0])


@pytest.mark.parametrize("name", ["euclidean", "weighted part", "mahalanobis", "weighted mahalanobis"])
def test_a_linear_distance_is_exported_to_a_plain_space(name: str) -> None:
    distance = ALL[name]
    query, gallery = images(5, distance, 1), images(30, distance, 2)
    before = query.distances_to(gallery)
    query, gallery = distance.project(query), distance.project(gallery)
    assert query.distance == gallery.distance == Euclidean()
    np.testing.assert_allclose(cdist(query.features, gallery.features), before, rtol=2e-6)
    np.testing.assert_allclose(query.distances_to(gallery), before, rtol=1e-5)


def test_descriptors_of_two_spaces_do_not_meet() -> None:
    plain, learnt = images(2, Euclidean()), images(2, Mahalanobis(matrix=np.eye(7)))
    with pytest.raises(ReseenError, match=r"distance euclidean and for mahalanobis \w{12} cannot be compared"):
        plain.check_comparable(learnt)
    with pytest.raises(ReseenError, match="cannot be compared"):
        plain.check_comparable(learnt.distance.project(learnt))


def test_a_sum_has_no_plain_space() -> None:
    with pytest.raises(ReseenError, match=r"global \+ part and probability is no Euclidean distance"):
        BASELINE.project(images(3, BASELINE))
    single = Sum(terms=(PART,))
    np.testing.assert_array_equal(single.project(images(3, single)).features, PART.project(images(3, single)).features)


def test_equal_descriptors_stay_equal_in_a_learnt_space() -> None:
    """To the last bits of double precision, which where a row stands in a matrix product may change."""
    features, ids = np.repeat(RNG.normal(size=(1, 515)), 2500, axis=0), np.zeros(2500, dtype=np.int64)
    whole = Embeddings(features, ids, ids, distance=Mahalanobis(matrix=RNG.normal(size=(33, 515))))
    (many,), (one,) = whole.spaces(), whole[[0]].spaces()
    assert np.ptp(np.concatenate([many, one]), axis=0).max() < 1e-13 * np.abs(many).max()


@pytest.mark.parametrize("distance", ALL.values(), ids=ALL)
def test_settings_and_arrays_give_the_distance_back(distance: Distance) -> None:
    assert read_distance(distance.model_dump(mode="json"), distance.arrays()) == distance
    assert hash(distance) == hash(read_distance(distance.model_dump(mode="json"), distance.arrays()))


def test_names_tell_distances_apart() -> None:
    others = [
        Mahalanobis(matrix=2 * MATRIX),
        Mahalanobis(matrix=MATRIX, features=("global",)),
        Sum(terms=(Euclidean(features=("global",)), Mahalanobis(matrix=MATRIX, features=("part",)))),
        Sum(terms=(Mahalanobis(matrix=MATRIX, features=("global",)), Euclidean(features=("part",)))),
    ]
    assert len({distance.name for distance in [*ALL.values(), *others]}) == len(ALL) + len(others)
    assert Euclidean().name == "euclidean"
    assert ALL["mahalanobis"].model_copy(update={"weight": 2.0}) != ALL["mahalanobis"]


LEARNT = {"kind": "mahalanobis"}


@pytest.mark.parametrize(
    ("settings", "arrays", "says"),
    [
        ({"kind": "cosine"}, {}, "Input tag 'cosine' found"),
        (LEARNT, {}, "matrix: Field required"),
        (LEARNT, {"matrix": [[1.0, np.nan]]}, "matrix: holds NaN or infinity"),
        (LEARNT, {"matrix": [1.0, 2.0]}, r"matrix: must have shape \(d, D\)"),
        ({"kind": "euclidean", "weight": 0}, {}, "weight: Input should be greater than 0"),
        ({"kind": "euclidean", "feature": ["a"]}, {}, "feature: Extra inputs"),
        ({"kind": "sum", "terms": []}, {}, "terms: Tuple should have at least 1"),
        ({"kind": "sum", "terms": [{"kind": "euclidean"}] * 2}, {}, "features of its own, got: descriptor, descriptor"),
        ({"kind": "sum", "terms": [LEARNT]}, {"terms/1/matrix": [[1.0]]}, "no place for array 'terms/1/matrix'"),
    ],
)
def test_what_is_no_distance_says_why_in_one_line(settings: dict[str, Any], arrays: dict[str, Any], says: str) -> None:
    with pytest.raises(ReseenError, match=says) as error:
        read_distance(settings, arrays)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("distance", "says"),
    [
        (Mahalanobis(matrix=np.eye(6)), "for descriptor of length 6, here it has 7"),
        (Mahalanobis(matrix=np.eye(6), features=("part",)), "for part of length 6, here it has 4"),
        (Euclidean(features=("whole",)), "no feature 'whole'; there are: global, part/0, part/1, probability/hat"),
        (Sum(terms=(PART, Euclidean(features=("pose",)))), "no feature 'pose'"),
    ],
)
def test_a_distance_for_other_descriptors_is_refused(distance: Distance, says: str) -> None:
    with pytest.raises(ReseenError, match=says):
        replace(images(2, Euclidean()), distance=distance)
