"""Figures by the names that tables have for them: where they stand in a result file, and how they are written."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

RERANKED = "re-ranked "
BINARY = "attributes, each colour yes or no"
FIGURES = {
    "mAP": ("ranking", "mAP"),
    "rank-1": ("ranking", "rank1"),
    f"{RERANKED}mAP": ("reranked", "mAP"),
    f"{RERANKED}rank-1": ("reranked", "rank1"),
    "mA": ("mA",),
    "attributes": ("attributes", "mean_accuracy", "colors_multi_class"),
    BINARY: ("attributes", "mean_accuracy", "colors_binary"),
}
"""Where each figure stands in a result file, as a fraction."""
PLAIN = ("mAP", "rank-1", "mA")
"""What is shown of a result that has nothing to be compared with."""
_WRITTEN = {
    "": ("mAP", "rank-1"),
    RERANKED: (f"{RERANKED}mAP", f"{RERANKED}rank-1"),
    "mA ": ("mA",),
    "attributes ": ("attributes",),
    f"{BINARY} ": (BINARY,),
}
"""Figures that are written together, by what stands before them."""


def ranks(mean_average_precision: float, rank1: float, kind: str = "") -> dict[str, float]:
    """Returns a pair of figures in %, in the order they are written in.

    Args:
        mean_average_precision: Mean average precision.
        rank1: Share of queries with a right match at the first place.
        kind: `RERANKED` for re-ranked figures.
    """
    return {f"{kind}mAP": mean_average_precision, f"{kind}rank-1": rank1}


def figures_of(content: Mapping[str, Any]) -> dict[str, float]:
    """Returns what a result file has of `FIGURES`, in %."""
    found = {name: _at(content, keys) for name, keys in FIGURES.items()}
    return {name: 100 * value for name, value in found.items() if value is not None}


def mean_of(results: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Returns the means of those figures that all results have."""
    shared = [name for name in FIGURES if results and all(name in each for each in results)]
    return {name: statistics.fmean(each[name] for each in results) for name in shared}


def spread_of(results: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Returns the sample standard deviation of those figures that all results have; nothing for a single result."""
    means = mean_of(results) if len(results) > 1 else {}
    return {name: statistics.stdev(each[name] for each in results) for name in means}


def written(figures: Mapping[str, float], form: str = ".2f", spread: Mapping[str, float] | None = None) -> str:
    """Returns figures as tables have them: ``82.45 / 93.89, re-ranked 92.38 / 95.10``; ``–`` for what is missing.

    Args:
        figures: In %, by name.
        form: Of a number, as `format` takes it.
        spread: Standard deviations, which are added as ``± 0.30``.
    """

    def number(name: str) -> str:
        if name not in figures:
            return "–"
        more = f" ± {spread[name]:.2f}" if spread and name in spread else ""
        return format(figures[name], form).replace("-", "−") + more

    groups = {before: names for before, names in _WRITTEN.items() if any(name in figures for name in names)}
    return ", ".join(before + " / ".join(map(number, names)) for before, names in groups.items())


def differences(measured: Mapping[str, float], aim: Mapping[str, float]) -> str:
    """Returns measured minus aimed at, with signs, for the figures that both have; empty if there are none."""
    return written({name: measured[name] - aim[name] for name in aim if name in measured}, "+.2f")


def _at(content: Any, keys: tuple[str, ...]) -> float | None:
    for key in keys:
        if not isinstance(content, Mapping) or key not in content:
            return None
        content = content[key]
    return float(content)
