"""Scores of single attributes: accuracy, balanced accuracy, and what binary attributes are scored by together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reseen.data.attributes import UNKNOWN, Attribute, AttributeSchema
from reseen.errors import ReseenWarning


@dataclass(frozen=True, slots=True)
class Score:
    """How well one attribute is predicted, over the images whose label is known.

    Attributes:
        accuracy: Share of right predictions.
        balanced: Mean over the labelled classes of the share of their images that is found.
        over_all: Share of right predictions over all images, an unknown label counting as a wrong prediction.
        guess: What always guessing the commonest class would reach in ``accuracy``.
        shares: Share of each class among the labels.
        known: How many labels are known.
    """

    accuracy: float
    balanced: float
    over_all: float
    guess: float
    shares: Mapping[str, float]
    known: int


def score(guesses: NDArray[np.int64], truth: NDArray[np.int64], attribute: Attribute) -> Score | None:
    """Scores class indices (N,) of a binary or multi-class attribute; None if no label is known."""
    known = truth != UNKNOWN
    if not known.any():
        return None
    guess, label = guesses[known], truth[known]
    shares = {name: float(np.mean(label == index)) for index, name in enumerate(attribute.classes)}
    found = [float(np.mean(guess[label == index] == index)) for index in np.unique(label)]
    return Score(
        accuracy=float(np.mean(guess == label)),
        balanced=float(np.mean(found)),
        over_all=float(np.mean(guesses == truth)),
        guess=max(shares.values()),
        shares=shares,
        known=len(label),
    )


def mean_score(scores: Mapping[str, Score]) -> Score:
    """Returns the score of a multi-label attribute from those of its classes, by class name."""

    def mean(name: str) -> float:
        return float(np.mean([getattr(each, name) for each in scores.values()]))

    return Score(
        accuracy=mean("accuracy"),
        balanced=mean("balanced"),
        over_all=mean("over_all"),
        guess=mean("guess"),
        shares={name: each.shares["yes"] for name, each in scores.items()},
        known=max(each.known for each in scores.values()),
    )


@dataclass(frozen=True, slots=True)
class BinaryMetrics:
    """What PETA and RAP are scored by, for a schema of binary attributes only (class 1 = present).

    Attributes:
        mA: Mean over attributes of (true positive rate + true negative rate) / 2.
        accuracy: Mean over images of rightly found / present in label or prediction.
        precision: Mean over images of rightly found / present in prediction.
        recall: Mean over images of rightly found / present in label.
        F1: Harmonic mean of this precision and this recall.
    """

    mA: float  # noqa: N815
    accuracy: float
    precision: float
    recall: float
    F1: float


def binary_metrics(
    guesses: NDArray[np.int64], truth: NDArray[np.int64], schema: AttributeSchema
) -> BinaryMetrics | None:
    """Returns the metrics of binary attributes (N, A), or None if none has labels of both classes."""
    known = truth != UNKNOWN
    guessed, present = (guesses == 1) & known, (truth == 1) & known
    absent = (truth == 0) & known
    positives, negatives = present.sum(axis=0), absent.sum(axis=0)
    scored = (positives > 0) & (negatives > 0)
    if not scored.all():
        names = ", ".join(name for name, fine in zip(schema.names, scored, strict=True) if not fine)
        warnings.warn(f"all known labels of {names} are alike: left out of mA", ReseenWarning, stacklevel=3)
    if not scored.any():
        return None
    true_positive_rate = (guessed & present).sum(axis=0)[scored] / positives[scored]
    true_negative_rate = (~guessed & absent).sum(axis=0)[scored] / negatives[scored]
    right = (guessed & present).sum(axis=1)
    precision = _mean_ratio(right, guessed.sum(axis=1))
    recall = _mean_ratio(right, present.sum(axis=1))
    return BinaryMetrics(
        mA=float(np.mean((true_positive_rate + true_negative_rate) / 2)),
        accuracy=_mean_ratio(right, (guessed | present).sum(axis=1)),
        precision=precision,
        recall=recall,
        F1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
    )


def _mean_ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> float:
    """Mean over images; an image with nothing to divide by counts 0, as in the published code."""
    return float(np.mean(part / np.maximum(whole, 1)))
