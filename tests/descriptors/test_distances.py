"""Chunked squared distances, in one space and summed over several."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from reseen.descriptors import distances as module
from reseen.descriptors.distances import (
    SquaredDistances,
    SquaredSums,
    exact_squared_distances,
    pair_squared_distances,
    squared_distances,
)
from reseen.errors import ReseenError


def all_of(chunks):
    """The whole matrix, (Q, G)."""
    return np.concatenate([chunk.copy() for _, chunk in chunks])


def test_distances_by_hand():
    query = [[0.0, 0.0], [3.0, 4.0]]
    gallery = [[3.0, 4.0], [0.0, 1.0], [0.0, 0.0]]
    expected = [[25, 1, 0], [0, 18, 25]]
    np.testing.assert_allclose(all_of(SquaredDistances(query, gallery)), expected, atol=1e-5)


@pytest.mark.parametrize("chunk_bytes", [1, 4 * 40 * 7, 1 << 30])
def test_chunks_give_the_same_as_scipy(monkeypatch, chunk_bytes):
    monkeypatch.setattr(module, "_CHUNK_BYTES", chunk_bytes)
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(23, 16)), rng.normal(size=(40, 16))
    expected = cdist(query, gallery, "sqeuclidean")
    np.testing.assert_allclose(all_of(SquaredDistances(query, gallery)), expected, rtol=1e-5)


def test_chunks_stay_within_their_size(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK_BYTES", 4 * 40 * 7)
    chunks = SquaredDistances(np.ones((23, 3)), np.ones((40, 3)))
    assert [chunk.shape for _, chunk in chunks] == [(7, 40), (7, 40), (7, 40), (2, 40)]


def test_a_large_common_offset_costs_no_digits():
    rng = np.random.default_rng(1)
    query = (1000 + rng.normal(size=(5, 64))).astype(np.float32)
    gallery = (1000 + rng.normal(size=(30, 64))).astype(np.float32)
    expected = cdist(query.astype(np.float64), gallery.astype(np.float64), "sqeuclidean")
    np.testing.assert_allclose(all_of(SquaredDistances(query, gallery)), expected, rtol=2e-5)


@pytest.mark.parametrize("dimensions", [1, 8, 256, 2048])
@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_two_distances_apart_by_the_tolerance_are_in_the_right_order(dimensions, offset):
    rng = np.random.default_rng(dimensions)
    query = (offset + rng.normal(size=(6, dimensions))).astype(np.float32)
    gallery = (offset + rng.normal(size=(400, dimensions))).astype(np.float32)
    chunks = SquaredDistances(query, gallery)
    exact = cdist(query.astype(np.float64), gallery.astype(np.float64), "sqeuclidean")
    for rows, chunk in chunks:
        error = np.abs(chunk - exact[rows]).max(axis=1)
        assert (2 * error < chunks.tolerance[rows]).all()


def test_exact_distances_of_equal_rows_are_equal():
    rng = np.random.default_rng(2)
    one = rng.normal(size=300).astype(np.float32)
    many = np.repeat(rng.normal(size=(1, 300)).astype(np.float32), 2000, axis=0)
    assert len(np.unique(exact_squared_distances([one], [many], np.arange(2000)))) == 1


def two_spaces(rng, count):
    """Ordinary descriptors, and such as hardly differ: near duplicates are where roots lose digits."""
    return rng.normal(size=(count, 64)).astype(np.float32), 1 + 1e-4 * rng.normal(size=(count, 8))


def summed(query, gallery, metric="euclidean"):
    return sum(cdist(np.float64(one), np.float64(other), metric) for one, other in zip(query, gallery, strict=True))


@pytest.mark.parametrize("chunk_bytes", [1, 8 * 300 * 4, 1 << 30])
def test_sums_are_in_the_right_order_if_apart_by_the_tolerance(monkeypatch, chunk_bytes):
    monkeypatch.setattr(module, "_CHUNK_BYTES", chunk_bytes)
    rng = np.random.default_rng(4)
    query, gallery = two_spaces(rng, 9), two_spaces(rng, 300)
    gallery[0][:9], gallery[1][:9] = query[0], query[1]  # distance 0
    chunks = squared_distances(query, gallery)
    assert isinstance(chunks, SquaredSums)
    assert chunks.shape == (9, 300)
    expected = np.square(summed(query, gallery))
    error = np.abs(all_of(chunks) - expected).max(axis=1)
    assert (2 * error < chunks.tolerance).all()
    assert (chunks.tolerance < 1e-4 * expected.max()).all(), "else nearly everything is compared again"


def test_exact_and_pair_distances_of_sums_equal_scipy():
    rng = np.random.default_rng(5)
    query, gallery = two_spaces(rng, 3), two_spaces(rng, 3000)
    expected = np.square(summed(query, gallery))
    rows = np.arange(3000)
    exact = exact_squared_distances([space[1] for space in query], gallery, rows)
    np.testing.assert_allclose(exact, expected[1], rtol=1e-12)
    both = [np.concatenate(pair) for pair in zip(query, gallery, strict=True)]
    pairs = pair_squared_distances(both, np.full(3000, 1), rows + 3)
    np.testing.assert_allclose(pairs, expected[1], rtol=1e-6)


@pytest.mark.parametrize(
    ("query", "gallery", "raises"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "query features have 3 dimensions, gallery features 4"),
        (np.ones(3), np.ones((2, 3)), r"query features must have shape \(N, D\)"),
        (np.ones((2, 3)), np.ones((0, 3)), "gallery features must have shape"),
    ],
)
def test_shapes_that_do_not_fit_are_named(query, gallery, raises):
    with pytest.raises(ReseenError, match=raises):
        SquaredDistances(query, gallery)
