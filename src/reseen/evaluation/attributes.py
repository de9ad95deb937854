"""How well predicted attributes agree with labels: accuracy in both colour forms, and PETA's metrics."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.data.attributes import UNKNOWN, Attribute, AttributeSchema
from reseen.errors import ReseenError, ReseenWarning


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


@dataclass(frozen=True, slots=True)
class AttributeReport:
    """Accuracies as fractions.

    Attributes:
        accuracy: Per attribute over images whose label is known; a colour is one attribute with several
            classes (AANet, LRDNN).
        accuracy_over_all: The same over all images, an unknown label counting as a wrong prediction: what
            Lin et al.'s own code prints for persons without a colour.
        binary_accuracy: As ``accuracy``, with each colour attribute replaced by one binary attribute per
            colour, named ``upper_color:black`` (IVA).
        shares: Share of each class among the known labels: what always guessing it would reach.
        known: Number of images with a known label, by attribute.
        images: Number of images with a known label for any attribute; the others count nowhere.
        binary: Metrics of a schema of binary attributes only; None for others, and if no attribute has
            labels of both classes.
    """

    accuracy: Mapping[str, float]
    accuracy_over_all: Mapping[str, float]
    binary_accuracy: Mapping[str, float]
    shares: Mapping[str, Mapping[str, float]]
    known: Mapping[str, int]
    images: int
    binary: BinaryMetrics | None = None

    @property
    def mean(self) -> float:
        """Mean accuracy with a colour as one multi-class attribute."""
        return float(np.mean(list(self.accuracy.values())))

    @property
    def mean_over_all(self) -> float:
        """Mean accuracy with a colour as one multi-class attribute and unknown labels as wrong predictions."""
        return float(np.mean(list(self.accuracy_over_all.values())))

    @property
    def mean_binary(self) -> float:
        """Mean accuracy with every colour as a binary attribute of its own."""
        return float(np.mean(list(self.binary_accuracy.values())))

    def as_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold, both colour forms named."""
        return {
            "mean_accuracy": {
                "colors_multi_class": self.mean,
                "colors_multi_class_unknown_wrong": self.mean_over_all,
                "colors_binary": self.mean_binary,
            },
            "accuracy": {
                "colors_multi_class": dict(self.accuracy),
                "colors_multi_class_unknown_wrong": dict(self.accuracy_over_all),
                "colors_binary": dict(self.binary_accuracy),
            },
            "binary_metrics": None if self.binary is None else asdict(self.binary),
            "class_shares": {name: dict(shares) for name, shares in self.shares.items()},
            "known_labels": dict(self.known),
            "images": self.images,
        }


def attribute_accuracy(predicted: ArrayLike, labels: ArrayLike, schema: AttributeSchema) -> AttributeReport:
    """Scores predicted classes against labels; unknown labels count nowhere but in ``accuracy_over_all``.

    Args:
        predicted: (N, A) class indices in schema order.
        labels: (N, A) class indices, -1 = unknown.
        schema: The attributes.

    Raises:
        ReseenError: If shapes or classes do not fit the schema, or no label is known at all.
    """
    guesses = _table("predicted", predicted, schema, lowest=0)
    truth = _table("labels", labels, schema, lowest=UNKNOWN)
    if len(guesses) != len(truth):
        raise ReseenError(f"{len(guesses)} predictions for {len(truth)} labelled images")
    labelled = (truth != UNKNOWN).any(axis=1)
    if not labelled.any():
        raise ReseenError(f"no image has a known label for any attribute of schema {schema.name!r}")
    guesses, truth = guesses[labelled], truth[labelled]
    multi_class: dict[str, float] = {}
    over_all: dict[str, float] = {}
    binary: dict[str, float] = {}
    shares: dict[str, dict[str, float]] = {}
    counts = {name: int(count) for name, count in zip(schema.names, (truth != UNKNOWN).sum(axis=0), strict=True)}
    for column, attribute in enumerate(schema):
        known = truth[:, column] != UNKNOWN
        if not known.any():
            continue
        guess, label = guesses[known, column], truth[known, column]
        multi_class[attribute.name] = float(np.mean(guess == label))
        over_all[attribute.name] = float(np.mean(guesses[:, column] == truth[:, column]))
        shares[attribute.name] = {name: float(np.mean(label == c)) for c, name in enumerate(attribute.classes)}
        if is_color(attribute):
            for c, name in enumerate(attribute.classes):
                binary[f"{attribute.name}:{name}"] = float(np.mean((guess == c) == (label == c)))
        else:
            binary[attribute.name] = multi_class[attribute.name]
    if unlabelled := [name for name, count in counts.items() if not count]:
        warnings.warn(f"no known label for {', '.join(unlabelled)}: left out of the means", ReseenWarning, stacklevel=2)
    all_binary = all(attribute.is_binary for attribute in schema)
    metrics = _binary_metrics(guesses, truth, schema) if all_binary else None
    return AttributeReport(multi_class, over_all, binary, shares, counts, len(truth), metrics)


def is_color(attribute: Attribute) -> bool:
    """Says whether an attribute is a colour with classes that papers also score one by one."""
    return attribute.name.endswith("_color") and not attribute.is_binary


def _binary_metrics(
    guesses: NDArray[np.int64], truth: NDArray[np.int64], schema: AttributeSchema
) -> BinaryMetrics | None:
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


def _table(name: str, values: ArrayLike, schema: AttributeSchema, lowest: int) -> NDArray[np.int64]:
    table = np.asarray(values)
    if table.ndim != 2 or table.shape[1] != len(schema) or not np.issubdtype(table.dtype, np.integer):
        raise ReseenError(
            f"{name} must be integers of shape (N, {len(schema)}) as in schema {schema.name!r}, "
            f"got {table.dtype} {table.shape}"
        )
    highest = np.array([len(attribute.classes) - 1 for attribute in schema])
    wrong = (table < lowest) | (table > highest)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ReseenError(
            f"{name}: image {row} has class {table[row, column]} for {schema.names[column]!r}, "
            f"which has classes {lowest} to {highest[column]}"
        )
    return table.astype(np.int64)
