"""How well predicted attributes agree with labels: accuracy in both colour forms, and PETA's metrics."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.data.attribute_forms import Probabilities, color_names, convert, convert_probabilities
from reseen.data.attributes import UNKNOWN, AttributeSchema, binary
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation.attribute_scores import BinaryMetrics, Score, binary_metrics, mean_score, score


@dataclass(frozen=True, slots=True)
class AttributeReport:
    """Accuracies as fractions.

    Attributes:
        accuracy: Per attribute over images whose label is known; a colour is one attribute with several
            classes (AANet, LRDNN). Of a multi-label attribute the mean over its classes.
        balanced: The same, every class with the same say: mean over the labelled classes of the share found. A guess
            of always the commonest class reaches 1 / classes.
        accuracy_over_all: As ``accuracy`` over all images, an unknown label counting as a wrong prediction: what
            Lin et al.'s own code prints for persons without a colour.
        binary_accuracy: As ``accuracy``, with each colour attribute, and each that is multi-label, replaced by one
            binary attribute per class, named ``upper_color:black`` (IVA).
        binary_balanced: As ``balanced`` in this form.
        shares: Share of each class among the known labels; of a multi-label attribute they need not add up to 1.
        guess: What always guessing the commonest class would reach in ``accuracy``.
        known: Number of images with a known label, by attribute.
        images: Number of images with a known label for any attribute; the others count nowhere.
        binary: Metrics of a schema without multi-class attributes; None for others, and if no attribute has
            labels of both classes.
        runs: How many folds these are the means of.
        std: Standard deviation over these of each of `figures`; empty for a single one.
    """

    accuracy: Mapping[str, float]
    balanced: Mapping[str, float]
    accuracy_over_all: Mapping[str, float]
    binary_accuracy: Mapping[str, float]
    binary_balanced: Mapping[str, float]
    shares: Mapping[str, Mapping[str, float]]
    guess: Mapping[str, float]
    known: Mapping[str, int]
    images: int
    binary: BinaryMetrics | None = None
    runs: int = 1
    std: Mapping[str, float] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """Mean accuracy with a colour as one multi-class attribute."""
        return _mean(self.accuracy)

    @property
    def mean_balanced(self) -> float:
        """Mean balanced accuracy with a colour as one multi-class attribute."""
        return _mean(self.balanced)

    @property
    def mean_over_all(self) -> float:
        """Mean accuracy with a colour as one multi-class attribute and unknown labels as wrong predictions."""
        return _mean(self.accuracy_over_all)

    @property
    def mean_binary(self) -> float:
        """Mean accuracy with each colour yes or no, and the mean of one attribute's colours as one (IVA, table 6)."""
        return _mean_of_attributes(self.binary_accuracy)

    @property
    def mean_binary_balanced(self) -> float:
        """Mean balanced accuracy in this form."""
        return _mean_of_attributes(self.binary_balanced)

    def figures(self) -> dict[str, float]:
        """Returns the means by name, and mA where there is one."""
        return {
            "attribute_accuracy": self.mean,
            "attribute_accuracy_binary_colors": self.mean_binary,
            "attribute_balanced_accuracy": self.mean_balanced,
            "attribute_balanced_accuracy_binary_colors": self.mean_binary_balanced,
            **({} if self.binary is None else {"mA": self.binary.mA}),
        }

    def as_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold, both colour forms named."""
        return {
            "mean_accuracy": {
                "colors_multi_class": self.mean,
                "colors_multi_class_unknown_wrong": self.mean_over_all,
                "colors_binary": self.mean_binary,
            },
            "mean_balanced_accuracy": {
                "colors_multi_class": self.mean_balanced,
                "colors_binary": self.mean_binary_balanced,
            },
            "accuracy": {
                "colors_multi_class": dict(self.accuracy),
                "colors_multi_class_unknown_wrong": dict(self.accuracy_over_all),
                "colors_binary": dict(self.binary_accuracy),
            },
            "balanced_accuracy": {
                "colors_multi_class": dict(self.balanced),
                "colors_binary": dict(self.binary_balanced),
            },
            "binary_metrics": None if self.binary is None else asdict(self.binary),
            "class_shares": {name: dict(shares) for name, shares in self.shares.items()},
            "guess": dict(self.guess),
            "known_labels": dict(self.known),
            "images": self.images,
            "runs": self.runs,
            "std": dict(self.std),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> AttributeReport:
        """Returns what `as_dict` was made of; KeyError and TypeError if it was none."""
        accuracy, balanced, binary = (content[key] for key in ("accuracy", "balanced_accuracy", "binary_metrics"))
        return cls(
            accuracy["colors_multi_class"],
            balanced["colors_multi_class"],
            accuracy["colors_multi_class_unknown_wrong"],
            accuracy["colors_binary"],
            balanced["colors_binary"],
            content["class_shares"],
            content["guess"],
            content["known_labels"],
            content["images"],
            None if binary is None else BinaryMetrics(**binary),
            content["runs"],
            content["std"],
        )


def attribute_accuracy(
    predicted: ArrayLike, labels: ArrayLike, schema: AttributeSchema, *, one_by_one: ArrayLike | None = None
) -> AttributeReport:
    """Scores predicted classes against labels; unknown labels count nowhere but in ``accuracy_over_all``.

    Args:
        predicted: (N, L) predictions, encoded by the schema.
        labels: (N, L) labels, encoded by the schema, -1 = unknown.
        schema: The attributes.
        one_by_one: (N, L') predictions encoded by `binary_form`, of a model that decides on each colour by itself;
            None to take them from ``predicted``.

    Raises:
        ReseenError: If shapes or classes do not fit the schema, or no label is known at all.
    """
    form = binary_form(schema)
    guesses = _table("predicted", predicted, schema, lowest=0)
    truth = _table("labels", labels, schema, lowest=UNKNOWN)
    apart = convert(guesses, schema, form) if one_by_one is None else _table("one_by_one", one_by_one, form, lowest=0)
    if not len(guesses) == len(truth) == len(apart):
        raise ReseenError(f"{len(guesses)} predictions for {len(truth)} labelled images")
    labelled = (truth != UNKNOWN).any(axis=1)
    if not labelled.any():
        raise ReseenError(f"no image has a known label for any attribute of schema {schema.name!r}")
    guesses, truth, apart = guesses[labelled], truth[labelled], apart[labelled]
    truth_apart = convert(truth, schema, form)
    whole = _scores(guesses, truth, schema)
    each_class = _scores(apart, truth_apart, form)
    if unlabelled := [name for name in schema.names if name not in whole]:
        warnings.warn(f"no known label for {', '.join(unlabelled)}: left out of the means", ReseenWarning, stacklevel=2)
    no_choice = not any(attribute.kind == "multi_class" for attribute in schema)
    return AttributeReport(
        accuracy={name: each.accuracy for name, each in whole.items()},
        balanced={name: each.balanced for name, each in whole.items()},
        accuracy_over_all={name: each.over_all for name, each in whole.items()},
        binary_accuracy={name: each.accuracy for name, each in each_class.items()},
        binary_balanced={name: each.balanced for name, each in each_class.items()},
        shares={name: each.shares for name, each in whole.items()},
        guess={name: each.guess for name, each in whole.items()},
        known={name: whole[name].known if name in whole else 0 for name in schema.names},
        images=len(truth),
        binary=binary_metrics(apart, truth_apart, form) if no_choice else None,
    )


def binary_form(schema: AttributeSchema) -> AttributeSchema:
    """Returns the schema with a binary attribute for each colour, and for each class of a multi-label attribute."""
    return schema.as_binary(color_names(schema))


def predicted_columns(
    tables: Probabilities, model: AttributeSchema, schema: AttributeSchema
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns what a model's probabilities say, encoded by a schema, whichever form of colours the model predicts.

    Args:
        tables: Probabilities (N, classes) by the model's attribute names.
        model: The attributes the model predicts.
        schema: The attributes to score; the model has to say something about all of them.

    Returns:
        ``predicted`` (N, L) and ``one_by_one`` (N, L') of `attribute_accuracy`. Of colours that the model decides on
        one by one, the former has the most probable and the latter every decision.
    """
    form = binary_form(schema)
    told = convert_probabilities(tables, model, schema)
    predicted = np.concatenate([attribute.decide(told[attribute.name]) for attribute in schema], axis=1)
    one_by_one = convert(predicted, schema, form)
    for name, columns in form.columns.items():
        if name in model and name in tables:
            one_by_one[:, columns] = model[name].decide(tables[name])
    return predicted, one_by_one


def _scores(guesses: NDArray[np.int64], truth: NDArray[np.int64], schema: AttributeSchema) -> dict[str, Score]:
    """Returns the scores of the attributes that have known labels."""
    scores: dict[str, Score] = {}
    for attribute in schema:
        own = schema.columns[attribute.name]
        if attribute.kind != "multi_label":
            told = {attribute.name: score(guesses[:, own.start], truth[:, own.start], attribute)}
        else:
            of_class = {
                name: score(guesses[:, column], truth[:, column], binary(name))
                for column, name in enumerate(attribute.classes, start=own.start)
            }
            known = {name: each for name, each in of_class.items() if each is not None}
            told = {attribute.name: mean_score(known) if known else None}
        scores |= {name: each for name, each in told.items() if each is not None}
    return scores


def _mean(values: Mapping[str, float]) -> float:
    return float(np.mean(list(values.values())))


def _mean_of_attributes(values: Mapping[str, float]) -> float:
    """Returns the mean over attributes, of which one that came apart, such as ``upper_color:black``, … counts once."""
    whole: dict[str, list[float]] = {}
    for name, value in values.items():
        whole.setdefault(name.rpartition(":")[0] or name, []).append(value)
    return _mean({name: float(np.mean(several)) for name, several in whole.items()})


def _table(name: str, values: ArrayLike, schema: AttributeSchema, lowest: int) -> NDArray[np.int64]:
    table = np.asarray(values)
    highest = np.concatenate([np.full(a.columns, 1 if a.kind == "multi_label" else len(a.classes) - 1) for a in schema])
    if table.ndim != 2 or table.shape[1] != len(highest) or not np.issubdtype(table.dtype, np.integer):
        raise ReseenError(
            f"{name} must be integers of shape (N, {len(highest)}) as in schema {schema.name!r}, "
            f"got {table.dtype} {table.shape}"
        )
    wrong = (table < lowest) | (table > highest)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        attribute = next(each for each, own in schema.columns.items() if own.start <= column < own.stop)
        raise ReseenError(
            f"{name}: image {row} has class {table[row, column]} for {attribute!r}, "
            f"which has classes {lowest} to {highest[column]}"
        )
    return table.astype(np.int64)
