"""The mean of attribute figures over folds, such as PETA's five random splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from reseen.evaluation.attribute_scores import BinaryMetrics
from reseen.evaluation.attributes import AttributeReport


def average_attributes(reports: Sequence[AttributeReport]) -> AttributeReport:
    """Returns the mean of several reports with its standard deviation; each counts once, however many images it has.

    An attribute that a fold has no labels of is left out, and so are metrics that one has not.

    Args:
        reports: One a fold, of the same attributes.
    """
    metrics = [report.binary for report in reports if report.binary is not None]
    figures = [report.figures() for report in reports]
    shared = [name for name in figures[0] if all(name in each for each in figures)]
    return AttributeReport(
        accuracy=_mean([report.accuracy for report in reports]),
        balanced=_mean([report.balanced for report in reports]),
        accuracy_over_all=_mean([report.accuracy_over_all for report in reports]),
        binary_accuracy=_mean([report.binary_accuracy for report in reports]),
        binary_balanced=_mean([report.binary_balanced for report in reports]),
        shares={name: _mean([report.shares[name] for report in reports]) for name in _shared(reports)},
        guess=_mean([report.guess for report in reports]),
        known={name: sum(report.known[name] for report in reports) for name in reports[0].known},
        images=sum(report.images for report in reports),
        binary=BinaryMetrics(**_mean([asdict(each) for each in metrics])) if len(metrics) == len(reports) else None,
        runs=len(reports),
        std={name: float(np.std([each[name] for each in figures])) for name in shared},
    )


def _shared(reports: Sequence[AttributeReport]) -> list[str]:
    return [name for name in reports[0].shares if all(name in report.shares for report in reports)]


def _mean(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Returns the means of what all tables have."""
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    return {name: float(np.mean([table[name] for table in tables])) for name in shared}
