"""k-reciprocal re-ranking against the authors' result and against a literal reading of the paper."""

import tracemalloc
from functools import cache

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from reseen.descriptors import distances as distances_module
from reseen.descriptors.distance import Euclidean, Mahalanobis, Sum
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation import ReRanking


def images(features, **options):
    """Descriptors of nobody in particular."""
    ids = np.zeros(len(features), dtype=np.int64)
    return Embeddings(features, ids, ids, **options)


def rerank(query, gallery, *settings):
    return ReRanking(*settings).distances(images(query), images(gallery))


def by_the_paper(query, gallery, k1, k2, lambda_value):
    features = np.concatenate([query, gallery]).astype(np.float64)
    return by_the_paper_from(cdist(features, features, "sqeuclidean"), len(query), k1, k2, lambda_value)


def by_the_paper_from(d, queries, k1, k2, lambda_value):
    """Zhong et al. 2017 with sets and dense vectors, one image at a time, from squared distances (N, N)."""
    count = len(d)
    np.fill_diagonal(d, 0)
    nearest = np.argsort(d, axis=1, kind="stable")
    d /= d.max(axis=1, keepdims=True)

    @cache
    def neighbours(p, k):
        return set(nearest[p, : k + 1].tolist())

    @cache
    def reciprocal(p, k):
        return {q for q in neighbours(p, k) if p in neighbours(q, k)}

    encoding = np.zeros((count, count))
    for p in range(count):
        core = reciprocal(p, k1)
        expanded = set(core)
        for q in core:
            theirs = reciprocal(q, int(np.around(k1 / 2)))
            if len(theirs & core) > 2 / 3 * len(theirs):
                expanded |= theirs
        members = sorted(expanded)
        encoding[p, members] = np.exp(-d[p, members])
        encoding[p] /= encoding[p].sum()
    if k2 > 1:
        encoding = np.stack([encoding[nearest[p, :k2]].mean(axis=0) for p in range(count)])
    jaccard = np.array(
        [[1 - np.minimum(a, b).sum() / np.maximum(a, b).sum() for b in encoding[queries:]] for a in encoding[:queries]]
    )
    return (1 - lambda_value) * jaccard + lambda_value * d[:queries, queries:]


def clustered(rng, count, persons=12, dimensions=16):
    centres = rng.normal(size=(persons, dimensions))
    features = centres[rng.integers(persons, size=count)] + 0.5 * rng.normal(size=(count, dimensions))
    return features.astype(np.float32)


@pytest.mark.parametrize(
    ("k1", "k2", "lambda_value"),
    [
        (20, 6, 0.3),
        (10, 3, 0.5),
        (5, 1, 0.3),  # k1/2 = 2.5 goes to 2, no query expansion
        (7, 2, 0.0),  # k1/2 = 3.5 goes to 4
        (6, 12, 0.3),  # k2 beyond k1
        (3, 3, 1.0),
        (1, 1, 0.2),
        (500, 4, 0.3),  # more than there are images: all of them
        (4, 500, 0.3),
    ],
)
def test_equals_the_paper(k1, k2, lambda_value):
    rng = np.random.default_rng(k1)
    query, gallery = clustered(rng, 25), clustered(rng, 90)
    result = rerank(query, gallery, k1, k2, lambda_value)
    assert result.shape == (25, 90)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, by_the_paper(query, gallery, k1, k2, lambda_value), atol=1e-5)


def test_chunks_do_not_change_the_result(monkeypatch):
    rng = np.random.default_rng(1)
    query, gallery = clustered(rng, 30), clustered(rng, 80)
    whole = rerank(query, gallery)
    monkeypatch.setattr(distances_module, "_PAIRS", 50)
    monkeypatch.setattr(distances_module, "_CHUNK_BYTES", 4 * 110 * 7)
    np.testing.assert_allclose(rerank(query, gallery), whole, atol=1e-6)


@pytest.mark.shared
def test_equals_the_authors_code_on_real_features(shared):
    fixture = np.load(shared / "fixtures" / "market_small_fixture.npz")
    result = rerank(fixture["q"], fixture["g"], 20, 6, 0.3)
    np.testing.assert_allclose(result, fixture["rerank"], atol=1e-5)
    assert np.abs(result - fixture["rerank_squared_input"]).max() > 1e-2


def test_lambda_one_is_the_original_distance():
    query, gallery = [[0.0], [1.0]], [[2.0], [4.0], [-1.0]]
    # Farthest image of query 0 is at 4, of query 1 too: squared distances 16 and 9.
    expected = np.array([[4, 16, 1], [1, 9, 4]]) / np.array([[16], [9]])
    np.testing.assert_allclose(rerank(query, gallery, 2, 1, 1.0), expected, rtol=1e-5)


def test_equal_descriptors_are_no_trouble():
    features = np.ones((8, 4), dtype=np.float32)
    assert np.isfinite(rerank(features[:2], features)).all()


def test_memory_grows_with_the_neighbours_not_with_the_square(monkeypatch):
    monkeypatch.setattr(distances_module, "_CHUNK_BYTES", 4 << 20)
    rng = np.random.default_rng(0)
    query, gallery = clustered(rng, 200, 600), clustered(rng, 5000, 600)
    query, gallery = images(query), images(gallery)
    tracemalloc.start()
    ReRanking().distances(query, gallery)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 5200 * 5200 / 2


@pytest.mark.parametrize(
    ("settings", "raises"),
    [
        ({"k1": 0}, "k1 and k2 of at least 1"),
        ({"k2": 0}, "k1 and k2 of at least 1"),
        ({"lambda_value": -0.1}, "between 0 and 1"),
        ({"lambda_value": 1.1}, "between 0 and 1"),
        ({"lambda_value": float("nan")}, "between 0 and 1"),
    ],
)
def test_settings_are_checked(settings, raises):
    with pytest.raises(ReseenError, match=raises):
        ReRanking(**settings)


def test_shapes_are_checked():
    with pytest.raises(ReseenError, match="length 3 and 4 cannot be compared"):
        rerank(np.ones((2, 3)), np.ones((2, 4)))


def test_any_distance_can_be_re_ranked():
    rng = np.random.default_rng(6)
    query, gallery = clustered(rng, 12), clustered(rng, 70)
    both = np.concatenate([query, gallery]).astype(np.float64)
    matrix = rng.normal(size=(5, 16)).astype(np.float32)
    left, right = {"left": 6, "right": 10}, [both[:, :6], both[:, 6:]]
    squares = {
        Mahalanobis(matrix=matrix): cdist(both @ matrix.T, both @ matrix.T, "sqeuclidean"),
        Sum(terms=(Euclidean(features=("left",)), Euclidean(features=("right",), weight=0.5))): np.square(
            cdist(right[0], right[0]) + 0.5 * cdist(right[1], right[1])
        ),
    }
    plain = rerank(query, gallery, 6, 3)
    for distance, square in squares.items():
        options = {"parts": left, "distance": distance}
        result = ReRanking(6, 3).distances(images(query, **options), images(gallery, **options))
        np.testing.assert_allclose(result, by_the_paper_from(square, 12, 6, 3, 0.3), atol=1e-5)
        assert np.abs(result - plain).max() > 0.05
