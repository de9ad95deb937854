"""Told probabilities are compared with those that made-up persons really have."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.descriptors.calibration import Calibration, Curve, camera_pair, probability
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation import calibration as fitting
from reseen.evaluation.calibration import Pairs, fit_calibration

DIM = 8
WITHIN, BETWEEN = 0.3, 1.0


def drawn(persons: int, images: int, *, seed: int = 0, cameras: int = 2, noise: float = WITHIN) -> Embeddings:
    """Normal descriptors around each person's own point; image i of a person is camera i % cameras's."""
    rng = np.random.default_rng(seed)
    points = BETWEEN * rng.normal(size=(persons, 1, DIM))
    features = points + noise * rng.normal(size=(persons, images, DIM))
    pids, camids = np.meshgrid(np.arange(1, persons + 1), np.arange(images) % cameras, indexing="ij")
    return Embeddings(features.reshape(-1, DIM), pids.ravel(), camids.ravel(), model="m1")


def true_ratio(distances: np.ndarray) -> np.ndarray:
    """Differences are normal with variance 2 w² or 2 (w² + b²): the ratio of the two densities."""
    same, different = WITHIN**2, WITHIN**2 + BETWEEN**2
    return DIM / 2 * np.log(different / same) - np.square(distances) / 4 * (1 / same - 1 / different)


def halves(images: Embeddings) -> tuple[Embeddings, Embeddings]:
    query = np.arange(len(images)) % 4 == 0
    return images[query], images[~query]


@pytest.fixture(scope="module")
def fitted() -> fitting.Fitted:
    return fit_calibration(*halves(drawn(150, 8)), source="drawn persons")


def test_the_ratio_is_the_true_one(fitted: fitting.Fitted) -> None:
    distances = np.linspace(0.9, 1.9, 11)
    assert fitted.calibration.ratios(distances) == pytest.approx(true_ratio(distances), abs=0.6)
    assert fitted.calibration.method == min(fitted.losses, key=lambda name: fitted.losses[name])


def test_what_is_told_is_so_for_other_persons(fitted: fitting.Fitted) -> None:
    """Among the pairs of new persons that are told 70 to 90 %, so many are right."""
    query, gallery = halves(drawn(150, 8, seed=1))
    distances, same = query.distances_to(gallery), query.pids[:, None] == gallery.pids
    valid = ~(same & (query.camids[:, None] == gallery.camids))
    told = fitted.calibration.probability(distances[valid], len(gallery), expected=same[valid].sum() / len(query))
    some = (told > 0.7) & (told < 0.9)
    assert some.sum() > 100
    assert same[valid][some].mean() == pytest.approx(told[some].mean(), abs=0.07)


def test_error_and_pairs_are_counted(fitted: fitting.Fitted) -> None:
    found, (even, own) = fitted.calibration, fitted.reliability
    assert (found.persons, found.source, found.model) == (150, "drawn persons", "m1")
    # A query (image 0 and 4, camera 0) has 6 more images of its person, 2 of them by its own camera.
    assert found.pairs == 300 * 150 * 6 - 300 * 2
    assert found.expected == pytest.approx(4)
    assert own.odds == pytest.approx(4 / (900 - 2))
    assert even.odds == 0.5
    assert found.error == even.error < 0.03
    assert sum(even.share) == pytest.approx(1)


def test_expected_calibration_error_by_hand() -> None:
    """Told 90 % four times, of which two are so, and 0 % twice, rightly: 4/6 of .4."""
    tried = fitting._Tried(
        np.log([9.0, 9.0, 9.0, 9.0, 1e-12, 1e-12]),
        np.array([True, True, False, False, False, False]),
        np.arange(6),
    )
    found = fitting._reliability(tried, 1 / 3)
    # At prior 1/3 the odds 9 become 9/2; weights stay 1/6 each since a third of the pairs is right.
    assert found.error == pytest.approx(4 / 6 * abs(0.5 - 4.5 / 5.5))
    assert found.share == pytest.approx((2 / 6, 4 / 6))


def pairs_of(distances: list[float], same: list[int]) -> Pairs:
    count = len(distances)
    both = np.zeros((count, 2), dtype=np.int64)
    return Pairs(np.array(distances), np.array(same, dtype=bool), both, both, np.arange(count), 1.0)


def test_isotonic_pools_adjacent_violators_by_hand() -> None:
    """Right, wrong, right, wrong: the middle two pool to a half. Of each kind 2, half a pair more in each block."""
    curve = fitting._METHODS["isotonic"](pairs_of([1, 2, 3, 4], [1, 0, 1, 0]))
    assert curve.distances == (1, 2, 3, 4)
    assert curve.ratios == pytest.approx((np.log(1.5 / 0.5), 0, 0, np.log(0.5 / 1.5)))


def test_equal_distances_are_in_one_block() -> None:
    curve = fitting._METHODS["isotonic"](pairs_of([1, 1, 1, 2], [1, 0, 1, 0]))
    assert curve.distances == (1, 2)
    assert curve.ratios == pytest.approx((np.log((2.5 / 3) / (1.5 / 3)), np.log((0.5 / 3) / (1.5 / 3))))


def test_a_line_is_found_where_the_ratio_is_one() -> None:
    """Of two normal densities one apart the log ratio is a line: (3 - 2 d) / (2 · 0.09)."""
    rng = np.random.default_rng(0)
    distances = np.concatenate([rng.normal(1, 0.3, 3_000), rng.normal(2, 0.3, 60_000)])
    curve = fitting._METHODS["platt"](pairs_of(distances.tolist(), [1] * 3_000 + [0] * 60_000))
    told = np.array([1.2, 1.5, 1.8])
    assert curve(told) == pytest.approx((3 - 2 * told) / 0.18, abs=0.35)


def test_a_camera_that_sees_worse_gets_its_own_curve() -> None:
    good = drawn(40, 8, cameras=4)
    blurred = good.features.copy()
    worse = good.camids == 3
    blurred[worse] += np.random.default_rng(1).normal(size=(worse.sum(), DIM))
    images = Embeddings(blurred, good.pids, good.camids, model="m1")
    calibration = fit_calibration(images, images, source="drawn").calibration
    assert "0-3" in calibration.cameras
    far = np.array([2.5])
    assert calibration.ratios(far, [camera_pair(3, 0)])[0] > calibration.ratios(far, ["0-1"])[0], (
        "so far apart says less of a camera that blurs"
    )
    assert calibration.ratios(far, ["7-8"]) == calibration.ratios(far)


def test_unknown_cameras_are_no_pair_with_a_curve() -> None:
    good = drawn(40, 8, cameras=4)
    blurred = good.features.copy()
    worse = good.camids == 3
    blurred[worse] += np.random.default_rng(1).normal(size=(worse.sum(), DIM))
    images = Embeddings(blurred, good.pids, np.where(worse, -1, good.camids), model="m1")
    calibration = fit_calibration(images[good.camids < 2], images[good.camids > 1], source="drawn").calibration
    assert not any("-1" in pair for pair in calibration.cameras)


def test_more_strangers_make_a_pair_less_probable() -> None:
    calibration = Calibration(
        model="", method="platt", source="", persons=1, pairs=1, expected=2, error=0,
        curve=Curve(distances=(0, 1), ratios=(4, -4)),
    )  # fmt: skip
    assert calibration.prior(3) == 0.5
    assert calibration.prior(200) == 0.01
    assert calibration.prior(200, expected=20) == 0.1
    odds = np.exp(4) * 0.01 / 0.99
    assert calibration.probability([0.0], 200) == pytest.approx([odds / (1 + odds)])
    assert calibration.probability([-1.0, 2.0], 4) == pytest.approx(probability([4, -4], 0.5))
    for wrong in (0, -1, float("nan"), float("inf"), True):
        with pytest.raises(ReseenError, match="expected is a number of pictures above 0"):
            calibration.prior(10, wrong)


def test_how_many_may_be_searched_until_nobody_passes_by_hand() -> None:
    """Nine times as frequent where it is one person: of 20 pictures, 2 of them right, 2 : 18 becomes 1 : 1."""
    line = Curve(distances=(0, 1), ratios=(np.log(9), -4))
    calibration = Calibration(
        model="", method="platt", source="", persons=1, pairs=1, expected=2, error=0, curve=line
    )  # fmt: skip
    assert calibration.reach == pytest.approx(20)
    assert calibration.probability([0.0], 20) == pytest.approx(0.5)
    vain = calibration.model_copy(update={"curve": Curve(distances=(0, 1), ratios=(-0.1, -4))})
    assert vain.reach == 0
    assert vain.probability([0.0], 1) < 0.5
    assert vain.model_copy(update={"cameras": {"1-2": line}}).reach == calibration.reach


def test_too_few_persons_are_told() -> None:
    for images in (drawn(3, 8), drawn(10, 8, cameras=1), drawn(10, 1)):
        with pytest.raises(ReseenError, match="at least four persons who are seen by two cameras"):
            fit_calibration(images, images, source="")


@pytest.mark.parametrize(
    "wrong", [{"distances": (0, 0), "ratios": (1, 0)}, {"distances": (0, 1), "ratios": (0, 1)}, {"distances": (0,)}]
)
def test_a_curve_that_does_not_fall_is_refused(wrong: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="distances"):
        Curve.model_validate({"ratios": (0, 0), **wrong})
