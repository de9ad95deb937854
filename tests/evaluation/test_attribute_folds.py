"""Attribute figures over folds: means and spread by hand."""

from __future__ import annotations

import json

import pytest

from reseen.data.attributes import AttributeSchema, binary, multi_class
from reseen.data.sets.peta import MEMORY
from reseen.errors import ReseenWarning
from reseen.evaluation import AttributeReport, EvaluationReport, attribute_accuracy
from reseen.evaluation.attribute_folds import average_attributes
from reseen.evaluation.split import average_folds

BINARY = AttributeSchema("binary", (binary("hat"), binary("bag")))
COLORS = AttributeSchema("colors", (binary("hat"), multi_class("upper_color", "black", "white", "red")))
LABELS = [[1, 0], [0, 1], [0, 1], [1, 0]]


def folds() -> list[AttributeReport]:
    """Of the first fold's hats and bags half are found, and none where there is none; the second has everything right.

    Its six pictures count no more than the four of the first.
    """
    half = attribute_accuracy([[1, 0], [0, 1], [0, 0], [0, 0]], LABELS, BINARY)
    return [half, attribute_accuracy(LABELS + LABELS[:2], LABELS + LABELS[:2], BINARY)]


def test_means_and_spread_by_hand() -> None:
    mean = average_attributes(folds())
    assert mean.accuracy == mean.balanced == pytest.approx({"hat": 7 / 8, "bag": 7 / 8})
    assert mean.binary is not None
    assert mean.binary.mA == pytest.approx((3 / 4 + 1) / 2)
    assert mean.binary.recall == pytest.approx((2 / 4 + 1) / 2)
    assert mean.std == pytest.approx(dict.fromkeys(mean.figures(), 1 / 8))
    assert mean.shares["hat"] == pytest.approx({"no": 1 / 2, "yes": 1 / 2})
    assert (mean.runs, mean.images, mean.known) == (2, 10, {"hat": 10, "bag": 10})


def test_an_attribute_that_a_fold_knows_nothing_of_is_left_out() -> None:
    with pytest.warns(ReseenWarning, match="no known label for upper_color"):
        blind = attribute_accuracy([[0, 0], [1, 1]], [[0, -1], [0, -1]], COLORS)
    mean = average_attributes([attribute_accuracy([[0, 0], [1, 1]], [[0, 0], [1, 1]], COLORS), blind])
    assert mean.accuracy == pytest.approx({"hat": 3 / 4})
    assert mean.mean == pytest.approx(3 / 4)
    assert mean.binary is None


def test_folds_without_queries_have_a_mean_too() -> None:
    """As PETA's, from the files that the folds' runs have left."""
    notes = [(f"{number} of 9 test persons also occur in training", MEMORY) for number in (3, 4)]
    reports = [EvaluationReport("peta", attributes=own, notes=of) for own, of in zip(folds(), notes, strict=True)]
    stored = [json.loads(report.to_json()) for report in reports]
    read = [EvaluationReport.from_dict(each) for each in stored]
    assert [report.attributes for report in read] == folds()
    report = average_folds(read)
    assert (report.ranking, report.primary_metric) == (None, "mA")
    assert report.primary == pytest.approx(7 / 8)
    assert report.notes == (MEMORY, "mean over 2 folds"), "whoever reads the mean is told as well"
    assert json.loads(report.to_json())["attributes"]["std"]["mA"] == pytest.approx(1 / 8)
