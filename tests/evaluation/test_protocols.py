"""Two-way, single-gallery-shot and multiple-query evaluation."""

import numpy as np
import pytest

from reseen.data.person import Protocol
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation import ReRanking, average_reports, evaluate, multiple_query, rank


def on_a_line(positions, pids, camids):
    return Embeddings(np.array(positions, dtype=np.float32)[:, None], np.array(pids), np.array(camids))


def test_cross_camera_is_plain_ranking():
    query = on_a_line([0, 5], [1, 2], [1, 1])
    gallery = on_a_line([1, 4, 5], [2, 1, 2], [2, 2, 2])
    report = evaluate(query, gallery, average_precision="trapezoid")
    assert report.mAP == rank(query, gallery, average_precision="trapezoid").mAP
    assert report.form == "trapezoid"


def test_two_way_is_the_mean_of_both_directions():
    # From a (0, 9) both find their own person first; from b (6, 7.5) person 1 finds person 2 first.
    a, b = on_a_line([0, 9], [1, 2], [1, 1]), on_a_line([6, 7.5], [1, 2], [2, 2])
    report = evaluate(a, b, Protocol("two_way"))
    assert report.mAP == pytest.approx((1 + 0.75) / 2)
    assert report.cmc[0] == pytest.approx((1 + 0.5) / 2)
    assert report.average_precision.tolist() == [1, 1]
    assert report.runs == 2
    assert report.std["mAP"] == pytest.approx(0.125)


def shots(seed=0, draws=200):
    return Protocol("single_gallery_shot", draws=draws, seed=seed)


def test_single_gallery_shot_takes_one_image_of_each_person():
    """Person 1 is found with one of its two gallery images, person 2 always: rank-1 is 3/4 on average."""
    query = on_a_line([0, 20], [1, 2], [1, 1])
    gallery = on_a_line([1, 50, 22], [1, 1, 2], [2, 2, 2])
    report = evaluate(query, gallery, shots())
    assert report.cmc.shape == (2,)
    assert report.cmc[0] == pytest.approx(0.75, abs=0.08)
    assert report.cmc[1] == 1
    assert report.runs == 200
    assert report.average_precision[0] == pytest.approx(0.75, abs=0.08)
    assert report.average_precision[1] == 1


def test_single_gallery_shot_takes_the_other_camera():
    """Each person's image under the probe's camera is a trap that would be found first."""
    images = on_a_line([0, 3, 0.1, 100, 103, 100.1], [1, 1, 1, 2, 2, 2], [1, 2, 1, 1, 2, 1])
    report = evaluate(images, images, shots())
    assert report.mAP == 1
    assert report.left_out == 0


def test_single_gallery_shot_keeps_persons_without_a_probe_and_drops_junk():
    query = on_a_line([0], [5], [1])
    gallery = on_a_line([1, 2, 0.5], [4, 5, -1], [1, 2, 2])
    report = evaluate(query, gallery, shots(draws=3))
    assert report.mAP == 0.5
    assert report.gallery == 3 * 2


def test_single_gallery_shot_is_repeatable_and_leaves_global_state_alone():
    rng = np.random.default_rng(0)
    query, gallery = (Embeddings(rng.normal(size=(90, 3)), np.arange(90) // 3, np.full(90, c)) for c in (1, 2))
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    first, again, other = (evaluate(query, gallery, shots(seed, draws=5)) for seed in (0, 0, 1))
    assert (np.random.get_state()[1] == before).all()
    assert first.mAP == again.mAP
    assert first.mAP != other.mAP


def test_single_gallery_shot_counts_probes_without_match_once():
    query, gallery = on_a_line([0, 1], [1, 2], [1, 1]), on_a_line([0.1, 3], [1, 3], [2, 2])
    with pytest.warns(ReseenWarning, match="4 of 8 probes in 4 draws") as caught:
        report = evaluate(query, gallery, shots(draws=4))
    assert len(caught) == 1
    assert np.isnan(report.average_precision[1])


def test_no_draw_is_an_error():
    images = on_a_line([0], [1], [1])
    with pytest.raises(ReseenError, match="at least one draw"):
        evaluate(images, images, shots(draws=0))


def test_reranking_reaches_every_protocol():
    rng = np.random.default_rng(0)
    query, gallery = (Embeddings(rng.normal(size=(30, 4)), np.arange(30), np.full(30, c)) for c in (1, 2))
    for kind in ("cross_camera", "two_way", "single_gallery_shot"):
        report = evaluate(query, gallery, Protocol(kind), reranking=ReRanking(k1=4, k2=2))
        assert report.reranking == ReRanking(k1=4, k2=2)
        assert report.mAP != evaluate(query, gallery, Protocol(kind)).mAP


def test_ten_halves_are_averaged_each_with_its_own_weight():
    small = rank(on_a_line([0], [1], [1]), on_a_line([1, 2], [2, 1], [2, 2]))
    large = rank(on_a_line([0, 5, 9], [1, 2, 3], [1] * 3), on_a_line([0, 5, 9], [1, 2, 3], [2] * 3))
    assert average_reports([small, large]).mAP == pytest.approx((0.5 + 1) / 2)


@pytest.mark.parametrize(("how", "expected"), [("mean", [2, 3]), ("max", [4, 5])])
def test_multiple_query_pools_the_persons_images_under_its_camera(how, expected):
    query = Embeddings([[0, 1], [7, 7], [0, 1]], [1, 2, 1], [1, 1, 3], paths=["a", "b", "c"])
    extra = Embeddings([[4, 5], [50, 50], [60, 60], [70, 70]], [1, 1, 3, -1], [1, 2, 1, 1])
    pooled = multiple_query(query, extra, how)
    assert pooled.features.tolist() == [expected, [7, 7], [0, 1]]
    assert pooled.features.dtype == np.float32
    assert pooled.pids.tolist() == [1, 2, 1]
    assert pooled.camids.tolist() == [1, 1, 3]
    assert pooled.paths == ("a", "b", "c")


def test_multiple_query_pools_queries_of_the_same_person_and_camera_with_each_other():
    query = Embeddings([[0.0], [6.0], [1.0]], [1, 1, 2], [1, 1, 1])
    extra = Embeddings([[3.0]], [1], [1])
    assert multiple_query(query, extra).features.ravel().tolist() == [3, 3, 1]


def test_multiple_query_pools_nothing_of_unknown_cameras():
    query, extra = on_a_line([2, 4], [1, 1], [-1, -1]), on_a_line([6], [1], [-1])
    assert multiple_query(query, extra).features.ravel().tolist() == [2, 4]


def test_multiple_query_against_a_loop():
    rng = np.random.default_rng(0)
    query, extra = (
        Embeddings(rng.normal(size=(n, 5)), rng.integers(6, size=n), rng.integers(3, size=n)) for n in (25, 90)
    )
    for how, pool in (("mean", np.mean), ("max", np.max)):
        pooled = multiple_query(query, extra, how)
        for row, (pid, camid) in enumerate(zip(query.pids, query.camids, strict=True)):
            mine = [e.features[(e.pids == pid) & (e.camids == camid)] for e in (query, extra)]
            np.testing.assert_allclose(pooled.features[row], pool(np.concatenate(mine), axis=0), atol=1e-6)


def test_multiple_query_errors():
    query = on_a_line([0], [1], [1])
    with pytest.raises(ReseenError, match="'mean' or 'max', not 'median'"):
        multiple_query(query, query, "median")
    with pytest.raises(ReseenError, match="length 1 and 2 cannot be compared"):
        multiple_query(query, Embeddings(np.ones((1, 2)), np.array([1]), np.array([1])))
