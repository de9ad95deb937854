"""Fitting "same person?" to the distances of persons a model was not trained on, and how far it can be trusted.

Pairs are those of the evaluation: a query with every candidate but its own person's by its own camera. A ratio of
likelihoods is fitted, not a probability, so that it holds whatever the share of right pairs (Brümmer and du Preez,
Computer Speech & Language 2006); `Calibration` puts that share back in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

from reseen.data.person import UNKNOWN_CAMERA
from reseen.descriptors.calibration import Calibration, Curve, camera_pair, probability
from reseen.descriptors.distances import squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.cross_camera import own_camera

Method = Literal["isotonic", "platt"]
_DIFFERENT = 2_000_000
"""So many pairs of different persons are enough; of more, as many are drawn."""
_FOLDS = 5
_BINS = 10
_CAMERA_PERSONS, _CAMERA_PAIRS = 20, 100
"""A pair of cameras needs so many persons, and so many pairs that show one, to have a curve of its own."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of pictures: P of them.

    Attributes:
        distances: (P,) of their descriptors.
        same: (P,) whether they show one person.
        folds: (P, 2) the fold that each picture's person is in.
        cameras: (P, 2) each picture's camera.
        persons: (P,) the first picture's person.
        weight: How many pairs of different persons each of theirs stands for.
    """

    distances: NDArray[np.float64]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64]
    cameras: NDArray[np.int64]
    persons: NDArray[np.int64]
    weight: float

    def __getitem__(self, chosen: NDArray[Any]) -> Pairs:
        return Pairs(
            self.distances[chosen],
            self.same[chosen],
            self.folds[chosen],
            self.cameras[chosen],
            self.persons[chosen],
            self.weight,
        )

    @property
    def prior(self) -> float:
        """The share of pairs that show one person."""
        same = float(self.same.sum())
        return same / (same + self.weight * float((~self.same).sum()))


@dataclass(frozen=True)
class Reliability:
    """How often what is told with some probability holds, in ten bins of it.

    Attributes:
        odds: How probable the same person is before the distance is known.
        told: (b,) mean probability told in each bin that has pairs.
        true: (b,) share of these pairs that show one person.
        share: (b,) share of all pairs.
    """

    odds: float
    told: tuple[float, ...]
    true: tuple[float, ...]
    share: tuple[float, ...]

    @property
    def error(self) -> float:
        """Expected calibration error: Σ share |true - told| (Guo et al., ICML 2017, eq. 3)."""
        return float(np.dot(self.share, np.abs(np.subtract(self.true, self.told))))


@dataclass(frozen=True)
class Fitted:
    """A calibration, and what persons held out of the fit say of it.

    Attributes:
        calibration: To be stored.
        reliability: At even odds, and at the odds of the pairs it was fitted to.
        losses: Mean log loss of each method on held-out persons, in nats; the smaller was chosen.
    """

    calibration: Calibration
    reliability: tuple[Reliability, Reliability]
    losses: dict[str, float]


def fit_calibration(query: Embeddings, gallery: Embeddings, *, source: str, seed: int = 0) -> Fitted:
    """Fits the probability that two pictures show the same person to their distance.

    Isotonic regression and a line (Platt) are both fitted to some persons and tried on others, five times over; what
    does better there is fitted to all. So it is decided, too, for each pair of cameras with enough persons, whether it
    gets a curve of its own.

    Args:
        query: Pictures of persons the model was not trained on.
        gallery: More of them, and of others.
        source: Whose pictures they are, in words.
        seed: Of the generator that divides the persons.

    Raises:
        ReseenError: If there are fewer than four persons with two pictures to compare, or nobody else.
    """
    pairs, candidates = _pairs(query, gallery, np.random.default_rng(seed))
    tried = {method: _held_out(pairs, fit) for method, fit in _METHODS.items()}
    losses: dict[str, float] = {method: _loss(found, pairs.prior) for method, found in tried.items()}
    method: Method = "isotonic" if losses["isotonic"] < losses["platt"] else "platt"
    even, own = (_reliability(tried[method], odds) for odds in (0.5, pairs.prior))
    calibration = Calibration(
        model=query.model,
        method=method,
        source=source,
        persons=len(np.unique(pairs.persons[pairs.same])),
        pairs=len(pairs.distances),
        expected=pairs.prior * candidates,
        error=even.error,
        curve=_METHODS[method](pairs),
        cameras=_camera_curves(pairs, method, tried[method]),
    )
    return Fitted(calibration, (even, own), losses)


def _pairs(query: Embeddings, gallery: Embeddings, rng: np.random.Generator) -> tuple[Pairs, float]:
    """Returns pairs to fit to, and how many candidates a query has on average."""
    query.check_comparable(gallery)
    known = np.unique(query.pids[query.pids > 0])
    names = dict(zip(known.tolist(), rng.permutation(len(known)).tolist(), strict=True))
    count = min(_FOLDS, len(known) // 2)

    def folds(images: Embeddings) -> NDArray[np.int64]:
        """Whoever is no query's person is somebody else each time."""
        others = rng.integers(max(1, count), size=len(images))
        return np.array(
            [
                names[pid] % count if pid in names and count else other
                for pid, other in zip(images.pids.tolist(), others.tolist(), strict=True)
            ]
        )

    in_query, in_gallery = folds(query), folds(gallery)
    keep = min(1.0, _DIFFERENT / max(1, len(query) * len(gallery)))
    found: list[tuple[NDArray[Any], ...]] = []
    total = 0
    for rows, squared in squared_distances(query.spaces(), gallery.spaces()):
        pid, camera = query.pids[rows, None], query.camids[rows, None]
        valid = (pid > 0) & (gallery.pids >= 0) & ~own_camera(gallery.pids, gallery.camids, pid, camera)
        same = pid == gallery.pids
        total += int(valid.sum())
        one, other = np.nonzero(valid & (same | (rng.random(same.shape) < keep)))
        found.append((np.sqrt(squared[one, other]).astype(np.float64), same[one, other], one + rows.start, other))
    distances, same, one, other = (np.concatenate(each) for each in zip(*found, strict=True))
    if count < 2 or len(np.unique(query.pids[one[same]])) < 4 or same.all():
        raise ReseenError(
            "calibration needs at least four persons who are seen by two cameras, and others beside them: "
            "name a data set with more persons, or hold back a larger share"
        )
    cameras = np.stack([query.camids[one], gallery.camids[other]], axis=1)
    queries = max(1, int((query.pids > 0).sum()))
    both = np.stack([in_query[one], in_gallery[other]], axis=1)
    return Pairs(distances, same, both, cameras, query.pids[one], 1 / keep), total / queries


@dataclass(frozen=True, eq=False)
class _Tried:
    """Log likelihood ratios (n,) of pairs of persons held out of the fit; ``rows`` of the pairs, and their weights."""

    ratios: NDArray[np.float64]
    same: NDArray[np.bool_]
    rows: NDArray[np.int64]

    def weights(self, prior: float) -> NDArray[np.float64]:
        """Returns (n,) weights, 1 in all, that make a share of the pairs show one person."""
        same = np.where(self.same, prior / max(1, self.same.sum()), (1 - prior) / max(1, (~self.same).sum()))
        return np.asarray(same / same.sum())


def _held_out(pairs: Pairs, fit: Callable[[Pairs], Curve]) -> _Tried:
    ratios, rows = [], []
    for fold in range(int(pairs.folds.max()) + 1):
        inside = pairs.folds == fold
        training, held = pairs[~inside.any(axis=1)], np.flatnonzero(inside.all(axis=1))
        if training.same.any() and not training.same.all() and len(held):
            ratios.append(fit(training)(pairs.distances[held]))
            rows.append(held)
    if not rows:
        return _Tried(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=np.int64))
    chosen = np.concatenate(rows)
    return _Tried(np.concatenate(ratios), pairs.same[chosen], chosen)


def _loss(tried: _Tried, prior: float) -> float:
    """Returns the mean log loss in nats; infinite if nothing could be tried."""
    if not tried.same.any() or tried.same.all():
        return float("inf")
    odds = tried.ratios + logit(prior)
    return float((tried.weights(prior) * np.logaddexp(0, np.where(tried.same, -odds, odds))).sum())


def _reliability(tried: _Tried, prior: float) -> Reliability:
    told, weights = probability(tried.ratios, prior), tried.weights(prior)
    bins = np.minimum((told * _BINS).astype(np.int64), _BINS - 1)
    share = np.bincount(bins, weights, minlength=_BINS)
    some = share > 0
    means = np.bincount(bins, weights * told, minlength=_BINS)[some] / share[some]
    true = np.bincount(bins, weights * tried.same, minlength=_BINS)[some] / share[some]
    return Reliability(prior, *(tuple(each.tolist()) for each in (means, true, share[some])))


def _camera_curves(pairs: Pairs, method: Method, everywhere: _Tried) -> dict[str, Curve]:
    low, high = pairs.cameras.min(axis=1), pairs.cameras.max(axis=1)
    curves: dict[str, Curve] = {}
    for one, other in np.unique(np.stack([low, high], axis=1)[pairs.same], axis=0).tolist():
        if UNKNOWN_CAMERA in (one, other):
            continue
        here = (low == one) & (high == other)
        own = pairs[here]
        if own.same.sum() < _CAMERA_PAIRS or len(np.unique(own.persons[own.same])) < _CAMERA_PERSONS:
            continue
        mine = here[everywhere.rows]
        common = _Tried(everywhere.ratios[mine], everywhere.same[mine], everywhere.rows[mine])
        if _loss(_held_out(own, _METHODS[method]), own.prior) < _loss(common, own.prior):
            curves[camera_pair(one, other)] = _METHODS[method](own)
    return curves


def _isotonic(pairs: Pairs) -> Curve:
    """Pools adjacent violators; half a pair more on either side keeps ratios finite where one kind was not seen."""
    distances, place, count = np.unique(pairs.distances, return_inverse=True, return_counts=True)
    same = np.bincount(place, pairs.same, minlength=len(distances))
    blocks = isotonic_regression(same / count, weights=count.astype(np.float64), increasing=False).blocks
    starts, ends = blocks[:-1], blocks[1:] - 1
    right = np.add.reduceat(same, starts)
    wrong = np.add.reduceat(count, starts) - right
    ratios = np.log((right + 0.5) / (right.sum() + 1)) - np.log((wrong + 0.5) / (wrong.sum() + 1))
    ratios = np.minimum.accumulate(ratios)
    knots = np.stack([distances[starts], distances[ends]], axis=1).ravel()
    whole = np.flatnonzero(np.diff(knots, prepend=-np.inf) > 0)
    return Curve(distances=tuple(knots[whole].tolist()), ratios=tuple(np.repeat(ratios, 2)[whole].tolist()))


def _platt(pairs: Pairs) -> Curve:
    """Fits a line by logistic regression, with targets a little inside 0 and 1 (Platt 1999)."""
    centre, scale = float(pairs.distances.mean()), float(pairs.distances.std()) or 1.0
    near = (centre - pairs.distances) / scale
    right, wrong = float(pairs.same.sum()), float((~pairs.same).sum())
    target = np.where(pairs.same, (right + 1) / (right + 2), 1 / (wrong + 2))
    weights = np.where(pairs.same, 1.0, pairs.weight)
    weights = weights / weights.sum()

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = line[0] + line[1] * near + logit(pairs.prior)
        gap = weights * (expit(odds) - target)
        value = float((weights * (np.logaddexp(0, odds) - target * odds)).sum())
        return value, np.array([gap.sum(), (gap * near).sum()])

    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(None, None), (0, None)])
    ends = np.unique([pairs.distances.min(), pairs.distances.max()])
    return Curve(
        distances=tuple(ends.tolist()), ratios=tuple((found.x[0] + found.x[1] * (centre - ends) / scale).tolist())
    )


_METHODS: dict[Method, Callable[[Pairs], Curve]] = {"isotonic": _isotonic, "platt": _platt}
