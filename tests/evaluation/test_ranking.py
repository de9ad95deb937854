"""CMC, mAP and mINP against values worked out by hand, a slow reference and a public toolbox's figures."""

import json
import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest

from reseen.descriptors import distances as distances_module
from reseen.descriptors.distance import Euclidean, Mahalanobis, Sum
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation import ReRanking, average_reports, rank
from reseen.evaluation.ranking import average_precision_of


def on_a_line(positions, pids, camids):
    """Embeddings whose distances can be read off: points on a line."""
    return Embeddings(np.array(positions, dtype=np.float32)[:, None], np.array(pids), np.array(camids))


QUERY = on_a_line([0], [1], [1])

# Gallery as (position, pid, camid); the query is person 1 under camera 1 at position 0.
CASES = {
    "match first": ([(1, 1, 2), (2, 2, 2)], 1, 1, 1, 1),
    "match second": ([(1, 2, 2), (2, 1, 2)], 1 / 2, 1 / 4, 2, 1 / 2),
    "matches at 1 and 3": ([(1, 1, 2), (2, 2, 2), (3, 1, 3)], 5 / 6, (2 + 1 / 2 + 2 / 3) / 4, 1, 2 / 3),
    "matches at 2 and 4": (
        [(1, 5, 2), (2, 1, 2), (3, 6, 2), (4, 1, 2)],
        1 / 2,
        (0 + 1 / 2 + 1 / 3 + 1 / 2) / 4,
        2,
        1 / 2,
    ),
    "order of rows does not matter": ([(3, 1, 3), (2, 2, 2), (1, 1, 2)], 5 / 6, (2 + 1 / 2 + 2 / 3) / 4, 1, 2 / 3),
    "own camera is dropped": ([(0, 1, 1), (1, 2, 2), (2, 1, 2)], 1 / 2, 1 / 4, 2, 1 / 2),
    "unknown cameras are other ones": ([(1, 2, -1), (2, 1, -1)], 1 / 2, 1 / 4, 2, 1 / 2),
    "own camera of others stays": ([(1, 2, 1), (2, 1, 2)], 1 / 2, 1 / 4, 2, 1 / 2),
    "junk is dropped": ([(1, -1, 2), (1.5, -1, 1), (2, 1, 2)], 1, 1, 1, 1),
    "distractors stay": ([(1, 0, 2), (1.5, 0, 1), (2, 1, 2)], 1 / 3, 1 / 6, 3, 1 / 3),
    "tie won by the earlier row": ([(1, 1, 2), (1, 2, 2)], 1, 1, 1, 1),
    "tie lost to the earlier row": ([(1, 2, 2), (1, 1, 2)], 1 / 2, 1 / 4, 2, 1 / 2),
    "tie on both sides": ([(-1, 2, 2), (1, 1, 2), (1, 3, 2)], 1 / 2, 1 / 4, 2, 1 / 2),
    "two matches in a tie": ([(1, 2, 2), (1, 1, 2), (1, 3, 2), (1, 1, 3)], 1 / 2, 1 / 3, 2, 1 / 2),
    "dropped rows break no tie": ([(1, 1, 1), (1, -1, 2), (1, 1, 2), (1, 4, 2)], 1, 1, 1, 1),
}


def test_an_unknown_camera_is_nobodys_own():
    report = rank(on_a_line([0], [1], [-1]), on_a_line([1, 2], [2, 1], [-1, -1]))
    assert report.mAP == pytest.approx(1 / 2)


@pytest.mark.parametrize(("gallery", "hits", "trapezoid", "first", "inp"), CASES.values(), ids=CASES)
def test_one_query_by_hand(gallery, hits, trapezoid, first, inp):
    images = on_a_line(*zip(*gallery, strict=True))
    report = rank(QUERY, images)
    assert report.mAP == pytest.approx(hits)
    assert report.mINP == pytest.approx(inp)
    assert report.cmc.tolist() == [float(k >= first) for k in range(1, len(gallery) + 1)]
    assert report.form == "hits"
    other = rank(QUERY, images, average_precision="trapezoid")
    assert other.mAP == pytest.approx(trapezoid)
    assert other.form == "trapezoid"
    assert other.cmc.tolist() == report.cmc.tolist()


@pytest.mark.parametrize(
    ("ranks", "hits", "trapezoid"),
    [
        ([1], 1, 1),
        ([2], 1 / 2, 1 / 4),
        ([1, 2, 3], 1, 1),
        ([10], 1 / 10, 1 / 20),
        ([1, 4], (1 + 1 / 2) / 2, (1 + 1 + 1 / 2 + 1 / 3) / 4),
        ([3, 4], (1 / 3 + 1 / 2) / 2, (1 / 3 + 0 + 1 / 2 + 1 / 3) / 4),
    ],
)
def test_both_forms_of_average_precision(ranks, hits, trapezoid):
    assert average_precision_of(np.array(ranks)) == pytest.approx(hits)
    assert average_precision_of(np.array(ranks), "trapezoid") == pytest.approx(trapezoid)


def test_trapezoid_equals_the_area_summed_place_by_place():
    rng = np.random.default_rng(0)
    for _ in range(50):
        right = rng.random(30) < 0.3
        right[rng.integers(30)] = True
        recall = np.cumsum(right) / right.sum()
        precision = np.cumsum(right) / np.arange(1, 31)
        area = np.sum(np.diff(recall, prepend=0) * (precision + np.concatenate([[1], precision[:-1]])) / 2)
        assert average_precision_of(np.flatnonzero(right) + 1, "trapezoid") == pytest.approx(area)


def test_a_query_without_match_is_left_out_and_counted():
    query = on_a_line([0, 0, 0], [1, 9, 2], [1, 1, 2])
    gallery = on_a_line([1, 2, 3], [1, 2, 2], [2, 1, 2])
    with pytest.warns(ReseenWarning, match="1 of 3 queries have no right match"):
        report = rank(query, gallery)
    assert report.left_out == 1
    assert report.queries == 3
    np.testing.assert_allclose(report.average_precision, [1, np.nan, 1 / 2])
    assert report.mAP == pytest.approx(3 / 4)
    assert report.cmc.tolist() == [0.5, 1, 1]


@pytest.mark.parametrize(
    ("gallery", "raises"),
    [
        (on_a_line([1], [1], [1]), "none of 1 queries .*query cameras: 1; gallery cameras: 1"),
        (on_a_line([1, 2], [5, 6], [3, 4]), "gallery cameras: 3, 4"),
        (on_a_line([1, 2], [-1, -1], [3, 4]), "none of 1 queries"),
        (on_a_line(range(20), range(10, 30), range(20)), r"10, 11, … \(20 in all\)"),
        (Embeddings(np.ones((1, 2)), np.array([1]), np.array([2])), "length 1 and 2 cannot be compared"),
    ],
)
def test_nothing_to_score_is_an_error_that_says_why(gallery, raises):
    with pytest.raises(ReseenError, match=raises):
        rank(QUERY, gallery)


def test_an_unknown_form_of_average_precision_is_an_error():
    with pytest.raises(ReseenError, match="'hits' or 'trapezoid'"):
        rank(QUERY, on_a_line([1], [1], [2]), average_precision="11-point")


def test_the_curve_is_as_long_as_the_gallery_but_at_most_fifty():
    for size, length in ((3, 3), (50, 50), (80, 50)):
        gallery = on_a_line(range(size), [1] + [2] * (size - 1), [2] * size)
        report = rank(QUERY, gallery)
        assert len(report.cmc) == length
        assert report.rank(length + 10) == report.cmc[-1]


def slow_reference(query, gallery, distances=None):
    """One query at a time: sort everything, throw out, count."""
    distances = distances or (lambda one, many: ((many - one) ** 2).sum(axis=1))
    precisions, penalties, hits = [], [], []
    for feature, pid, camid in zip(query.features.astype(np.float64), query.pids, query.camids, strict=True):
        order = np.argsort(distances(feature, gallery.features.astype(np.float64)), kind="stable")
        drop = (gallery.pids == -1) | ((gallery.pids == pid) & (gallery.camids == camid))
        right = (gallery.pids == pid)[order[~drop[order]]]
        ranks = np.flatnonzero(right) + 1
        if len(ranks):
            precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
            penalties.append(len(ranks) / ranks[-1])
            hits.append(np.arange(1, 51) >= ranks[0])
    return np.mean(precisions), np.mean(hits, axis=0), np.mean(penalties)


def random_embeddings(rng, count, persons, dimensions, levels=None):
    features = (
        rng.normal(size=(count, dimensions)) if levels is None else rng.integers(levels, size=(count, dimensions))
    )
    return Embeddings(
        features.astype(np.float32) + 3, rng.integers(-1, persons, size=count), rng.integers(4, size=count)
    )


@pytest.mark.filterwarnings("ignore::reseen.errors.ReseenWarning")
@pytest.mark.parametrize("chunk_bytes", [4 * 500, 4 * 500 * 9, 1 << 26])
@pytest.mark.parametrize(
    ("dimensions", "levels"), [(8, None), (256, None), (2, 3), (6, 2), (200, 2)], ids=lambda value: str(value)
)
def test_equals_a_slow_reference(monkeypatch, chunk_bytes, dimensions, levels):
    """With few levels a coordinate most distances are ties."""
    monkeypatch.setattr(distances_module, "_CHUNK_BYTES", chunk_bytes)
    rng = np.random.default_rng(dimensions)
    query = random_embeddings(rng, 60, 20, dimensions, levels)
    gallery = random_embeddings(rng, 500, 20, dimensions, levels)
    mean_ap, cmc, mean_inp = slow_reference(query, gallery)
    report = rank(query, gallery)
    assert report.mAP == pytest.approx(mean_ap, abs=1e-12)
    assert report.mINP == pytest.approx(mean_inp, abs=1e-12)
    np.testing.assert_allclose(report.cmc, cmc, atol=1e-12)


SHEAR = np.random.default_rng(0).integers(-3, 4, size=(4, 6)).astype(np.float32)


@pytest.mark.filterwarnings("ignore::reseen.errors.ReseenWarning")
@pytest.mark.parametrize("chunk_bytes", [4 * 500 * 9, 1 << 26])
@pytest.mark.parametrize("levels", [None, 2, 3])
@pytest.mark.parametrize(
    ("distance", "definition"),
    [
        (Mahalanobis(matrix=SHEAR), lambda one, many: (((many - one) @ SHEAR.T) ** 2).sum(axis=1)),
        (
            Sum(terms=(Euclidean(features=("left",)), Euclidean(features=("right",), weight=0.5))),
            lambda one, many: (
                np.sqrt(((many - one)[:, :2] ** 2).sum(axis=1)) + 0.5 * np.sqrt(((many - one)[:, 2:] ** 2).sum(axis=1))
            ),
        ),
    ],
    ids=["mahalanobis", "sum"],
)
def test_any_distance_ranks_exactly_as_a_slow_reference(monkeypatch, chunk_bytes, levels, distance, definition):
    monkeypatch.setattr(distances_module, "_CHUNK_BYTES", chunk_bytes)
    rng = np.random.default_rng(7)
    query, gallery = (
        replace(random_embeddings(rng, count, 20, 6, levels), parts={"left": 2, "right": 4}, distance=distance)
        for count in (60, 500)
    )
    mean_ap, cmc, mean_inp = slow_reference(query, gallery, definition)
    report = rank(query, gallery)
    assert report.mAP == pytest.approx(mean_ap, abs=1e-12)
    assert report.mINP == pytest.approx(mean_inp, abs=1e-12)
    np.testing.assert_allclose(report.cmc, cmc, atol=1e-12)
    assert report.as_dict()["distance"] == distance.name


def test_a_collapsed_model_ranks_by_gallery_order():
    """All descriptors equal: every distance is a tie."""
    features = np.full((300, 32), 0.1, dtype=np.float32)
    gallery = Embeddings(features, np.arange(300), np.ones(300))
    query = Embeddings(features[:2], np.array([1, 99]), np.zeros(2))
    np.testing.assert_allclose(rank(query, gallery).average_precision, [1 / 2, 1 / 100])


def test_differences_below_float32_are_told_apart():
    """Squared distances 2 ± 1e-7 around an offset: float32 sees them alike, the right one is nearer."""
    gallery_features = np.zeros((3, 4), dtype=np.float32)
    gallery_features[:, 0] = 1
    gallery_features[:, 1] = [1e-3, 2e-4, 1e-4]
    gallery = Embeddings(gallery_features, np.array([2, 3, 1]), np.array([2, 2, 2]))
    query = Embeddings(np.zeros((1, 4)), np.array([1]), np.array([1]))
    assert rank(query, gallery).mAP == 1


def test_memory_stays_below_a_matrix_of_all_distances(monkeypatch):
    monkeypatch.setattr(distances_module, "_CHUNK_BYTES", 1 << 20)
    rng = np.random.default_rng(0)
    query, gallery = (
        Embeddings(rng.normal(size=(n, 4)), rng.integers(1, 500, n), rng.integers(6, size=n)) for n in (1000, 5000)
    )
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReseenWarning)
        rank(query, gallery)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1000 * 5000 / 5


@pytest.fixture(scope="module")
def market(shared):
    fixture = np.load(shared / "fixtures" / "market_small_fixture.npz")
    query = Embeddings(fixture["q"], fixture["qi"], fixture["qc"])
    gallery = Embeddings(fixture["g"], fixture["gi"], fixture["gc"])
    return fixture, query, gallery


@pytest.mark.shared
def test_real_features_equal_a_public_toolbox(market):
    fixture, query, gallery = market
    report = rank(query, gallery)
    assert report.mAP == pytest.approx(0.246260, abs=1e-6)
    assert report.mAP == pytest.approx(float(fixture["mAP"]), abs=1e-9)
    np.testing.assert_allclose(report.cmc, fixture["cmc"], atol=1e-6)


@pytest.mark.shared
def test_real_features_after_reranking(market):
    fixture, query, gallery = market
    report = rank(query, gallery, reranking=ReRanking())
    assert report.mAP == pytest.approx(0.316084, abs=1e-6)
    assert report.mAP == pytest.approx(float(fixture["mAP_rerank"]), abs=1e-6)
    assert report.as_dict()["reranking"] == {"k1": 20, "k2": 6, "lambda_value": 0.3}


def test_junk_takes_no_part_in_reranking():
    rng = np.random.default_rng(3)
    query = Embeddings(rng.normal(size=(10, 8)), np.arange(1, 11), np.zeros(10))
    gallery = Embeddings(rng.normal(size=(40, 8)), np.tile(np.arange(1, 11), 4), np.ones(40))
    junk = Embeddings(query.features[[0] * 30] + 1e-3, np.full(30, -1), np.ones(30))
    both = Embeddings(
        np.concatenate([junk.features, gallery.features]),
        np.concatenate([junk.pids, gallery.pids]),
        np.concatenate([junk.camids, gallery.camids]),
    )
    plain = rank(query, gallery, reranking=ReRanking(k1=5, k2=2))
    assert rank(query, both, reranking=ReRanking(k1=5, k2=2)).mAP == pytest.approx(plain.mAP)


def test_average_of_reports():
    easy = rank(QUERY, on_a_line([1, 2], [1, 2], [2, 2]))
    hard = rank(QUERY, on_a_line([1, 2, 3], [2, 1, 3], [2, 2, 2]))
    mean = average_reports([easy, hard])
    assert mean.mAP == pytest.approx(3 / 4)
    assert mean.cmc.tolist() == [0.5, 1]
    assert mean.runs == 2
    assert mean.queries == 2
    assert mean.std["mAP"] == pytest.approx(1 / 4)
    assert mean.std["rank1"] == pytest.approx(1 / 2)
    assert mean.average_precision.tolist() == [1, 0.5]


def test_reports_by_two_distances_are_not_averaged():
    gallery = on_a_line([1, 2], [1, 2], [2, 2])
    doubled = Euclidean(weight=2)
    other = rank(replace(QUERY, distance=doubled), replace(gallery, distance=doubled))
    with pytest.raises(ReseenError, match="share the form of average precision, distance and re-ranking"):
        average_reports([rank(QUERY, gallery), other])


def test_reports_that_do_not_belong_together_are_not_averaged():
    gallery = on_a_line([1, 2], [1, 2], [2, 2])
    with pytest.raises(ReseenError, match="share the form"):
        average_reports([rank(QUERY, gallery), rank(QUERY, gallery, average_precision="trapezoid")])
    with pytest.raises(ReseenError, match="no ranking report"):
        average_reports([])


def test_a_report_can_be_written_as_json():
    report = rank(QUERY, on_a_line([1, 2], [2, 1], [2, 2]))
    loaded = json.loads(json.dumps(report.as_dict()))
    assert loaded["mAP"] == 0.5
    assert loaded["rank1"] == 0
    assert loaded["rank5"] == 1
    assert loaded["average_precision_form"] == "hits"
    assert loaded["reranking"] is None
