"""KISSME against its closed form, pairs taken one by one, a public implementation, and cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from reseen.descriptors.distance import Euclidean
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation import Kissme, rank

Floats = NDArray[np.float64]


def drawn(
    persons: int, between: Floats, within: Floats, seed: int = 0, cameras: int = 2, dimensions: int = 4
) -> Embeddings:
    """One Gaussian picture of each person a camera: persons differ by one covariance, their pictures by the other."""
    rng = np.random.default_rng(seed)
    means = rng.multivariate_normal(np.full(dimensions, 5.0), between, persons)
    noise = rng.multivariate_normal(np.zeros(dimensions), within, (persons, cameras))
    pids, camids = np.repeat(np.arange(1, persons + 1), cameras), np.tile(np.arange(cameras), persons)
    return Embeddings((means[:, None] + noise).reshape(-1, dimensions), pids, camids)


def metric(matrix: NDArray[np.float32]) -> Floats:
    """M = LᵀL."""
    root = matrix.astype(np.float64)
    product: Floats = root.T @ root
    return product


def test_recovers_the_difference_of_the_inverse_covariances() -> None:
    rng = np.random.default_rng(1)
    between, within = (root @ root.T + 0.5 * np.eye(4) for root in rng.normal(size=(2, 4, 4)))
    learnt = Kissme().fit(drawn(20_000, between, within))
    truth = np.linalg.inv(2 * within) - np.linalg.inv(2 * (between + within))
    assert np.linalg.eigvalsh(truth).min() > 0
    np.testing.assert_allclose(metric(learnt.matrix), truth, atol=0.03 * np.abs(truth).max())


def some(count: int = 40, dimensions: int = 3) -> Embeddings:
    rng = np.random.default_rng(2)
    pids, camids = rng.integers(-1, 6, count), rng.integers(-1, 3, count)
    return Embeddings(rng.normal(size=(count, dimensions)) + 0.7 * pids[:, None], pids, camids)


def test_equals_pairs_taken_one_by_one() -> None:
    images = some()
    assert {-1, 0} < set(images.pids.tolist()), "junk and distractors are there and left out"
    kept = images[images.pids > 0]
    features = kept.features.astype(np.float64)
    same, other = [], []
    for i, j in combinations(range(len(kept)), 2):
        if kept.pids[i] != kept.pids[j]:
            other.append(features[i] - features[j])
        elif kept.camids[i] != kept.camids[j] or kept.camids[i] == -1:
            same.append(features[i] - features[j])
    inverses = [np.linalg.inv(np.mean([np.outer(d, d) for d in pairs], axis=0)) for pairs in (same, other)]
    values, vectors = np.linalg.eigh(inverses[0] - inverses[1])
    expected = (vectors * np.maximum(values, 0)) @ vectors.T
    np.testing.assert_allclose(metric(Kissme().fit(images).matrix), expected, rtol=1e-5, atol=1e-6)


def test_equals_a_public_implementation() -> None:
    """Numbers of open-reid's ``KISSME.fit`` (Cysu/open-reid, commit 41b48bc), run on these sixteen pictures.

    It draws as many pairs of two persons as there are of one: of ten and six pictures 60 of 60, so that nothing is left
    to chance. A negative eigenvalue becomes 1e-6 there, and 0 here.
    """
    pids = np.repeat([1, 2], [10, 6])
    features = np.sin(np.arange(16)[:, None] * np.array([1, 2, 5])) + (pids == 2)[:, None] * np.array([2, -1, 1])
    theirs = [
        [0.49115508, -0.26549967, 0.23842327],
        [-0.26549967, 0.15629454, -0.12303604],
        [0.23842327, -0.12303604, 0.11841598],
    ]
    learnt = Kissme().fit(Embeddings(features, pids, np.arange(16)))
    np.testing.assert_allclose(metric(learnt.matrix), theirs, atol=2e-6)


def test_a_direction_in_which_persons_differ_less_than_cameras_is_cut_off() -> None:
    """Opposite values in both cameras: a person's own pictures differ more than those of two persons."""
    rng = np.random.default_rng(3)
    identity, flipped = rng.normal(size=(2, 500))
    features = np.concatenate([np.stack([identity, flipped], 1), np.stack([identity + 0.1, -flipped], 1)])
    features += 0.3 * rng.normal(size=features.shape)
    learnt = Kissme().fit(Embeddings(features, np.tile(np.arange(1, 501), 2), np.repeat([1, 2], 500)))
    assert learnt.matrix.shape == (1, 2)
    assert abs(learnt.matrix[0, 1]) < 0.05 * abs(learnt.matrix[0, 0])


def test_ranks_better_where_one_direction_is_noise_of_the_camera() -> None:
    between, within = np.eye(6), np.diag([9.0, 0.1, 0.1, 0.1, 0.1, 0.1])
    learnt = Kissme().fit(drawn(200, between, within, seed=4, dimensions=6))
    test = drawn(150, between, within, seed=5, dimensions=6)
    query, gallery = test[test.camids == 0], test[test.camids == 1]
    plain = rank(query, gallery)
    better = rank(replace(query, distance=learnt), replace(gallery, distance=learnt))
    assert plain.rank(1) < 0.4
    assert better.rank(1) > plain.rank(1) + 0.3
    exported = rank(learnt.project(replace(query, distance=learnt)), learnt.project(replace(gallery, distance=learnt)))
    assert exported.mAP == pytest.approx(better.mAP, abs=1e-6)
    assert exported.distance == Euclidean().name


def test_components_are_those_with_the_largest_variance() -> None:
    scales = np.array([1.0, 10.0, 0.1, 5.0])
    images = drawn(300, np.diag(scales**2), np.diag((0.3 * scales) ** 2), seed=6)
    learnt = Kissme(components=2).fit(images)
    assert learnt.matrix.shape == (2, 4)
    assert np.abs(learnt.matrix[:, [0, 2]]).max() < 0.02 * np.abs(learnt.matrix[:, [1, 3]]).max()


def test_singular_covariances_are_reduced_first() -> None:
    """Probabilities of a yes/no attribute add up to 1; here 5 numbers that span 3 dimensions."""
    images = drawn(100, np.eye(3), 0.1 * np.eye(3), seed=7, dimensions=3)
    first, second = images.features[:, :1], images.features[:, 1:2]
    doubled = replace(images, features=np.concatenate([images.features, 1 - first, 2 - second], axis=1))
    learnt = Kissme().fit(doubled)
    assert learnt.matrix.shape == (3, 5)
    plain = Kissme().fit(images)
    np.testing.assert_allclose(
        replace(doubled, distance=learnt).distances_to(replace(doubled, distance=learnt)),
        replace(images, distance=plain).distances_to(replace(images, distance=plain)),
        rtol=1e-3,
        atol=5e-3,  # between an image and itself, in float32
    )


def test_fewer_pairs_than_dimensions_are_no_trouble() -> None:
    images = drawn(6, np.eye(50), 0.1 * np.eye(50), seed=8, dimensions=50)
    assert 1 <= len(Kissme().fit(images).matrix) <= 6


def test_a_named_feature_alone_is_learnt_on() -> None:
    images = drawn(100, np.eye(4), 0.1 * np.eye(4), seed=9)
    probabilities = images.features[:, 2:] / 100
    images = replace(images, attributes={"hat": probabilities}, parts={"global": 4})
    learnt = Kissme(features=("probability",), components=1).fit(images)
    assert learnt.features == ("probability",)
    assert learnt.matrix.shape == (1, 2)
    (space,) = replace(images, distance=learnt).spaces()
    np.testing.assert_allclose(space, probabilities @ learnt.matrix.T, atol=1e-6)


def flat(count: int, pids: list[int], camids: list[int]) -> Embeddings:
    return Embeddings(np.random.default_rng(0).normal(size=(count, 2)), np.array(pids), np.array(camids))


@pytest.mark.parametrize(
    ("settings", "images", "says"),
    [
        ({}, flat(4, [1, 1, 2, 2], [1, 1, 2, 2]), "no person is seen by two cameras"),
        ({}, flat(4, [0, 0, -1, -1], [1, 2, 1, 2]), "no person is seen by two cameras"),
        ({}, flat(3, [1, 1, 1], [1, 2, 3]), "one person only"),
        ({"components": 3}, flat(4, [1, 1, 2, 2], [1, 2, 1, 2]), "3 components asked for, the 4 descriptors span 2"),
        ({"components": 2}, flat(4, [1, 1, 2, 3], [1, 2, 1, 2]), "pairs of one person is singular in 2 of 2"),
        ({}, Embeddings([[1], [2], [2], [1]], [1, 1, 2, 2], [1, 2, 1, 2]), "differ no less"),  # type: ignore[arg-type]
        ({}, Embeddings(np.ones((4, 2)), [1, 1, 2, 2], [1, 2, 1, 2]), "the 4 descriptors are all alike"),  # type: ignore[arg-type]
        ({}, Embeddings([[1], [1], [2], [2]], [1, 1, 2, 2], [1, 2, 1, 2]), "one person is singular"),  # type: ignore[arg-type]
        ({"features": ("pose",)}, flat(2, [1, 1], [1, 2]), "no feature 'pose'"),
    ],
)
def test_what_cannot_be_learnt_says_why_in_one_line(settings: dict[str, object], images: Embeddings, says: str) -> None:
    with pytest.raises(ReseenError, match=says) as error:
        Kissme.model_validate(settings).fit(images)
    assert "\n" not in str(error.value)


def test_components_are_at_least_one() -> None:
    with pytest.raises(ValidationError):
        Kissme(components=0)
