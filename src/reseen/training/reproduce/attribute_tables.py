"""What results say of single attributes: mA of those that a paper names, and the weights that ACRN has learnt."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from reseen.training.reproduce.results import Result

NAMED: Mapping[str, float] = {
    "personalLarger60": 92.8,
    "personalMale": 92.3,
    "hairLong": 90.5,
    "accessoryHat": 89.4,
    "accessoryMuffler": 89.3,
    "upperBodyShortSleeve": 88.3,
    "upperBodyThinStripes": 76.4,
    "carryingOther": 76.1,
    "upperBodyLogo": 72.1,
    "footwearSandals": 66.1,
    "accessorySunglasses": 65.3,
    "upperBodyVNeck": 63.5,
}
"""mA of MVA's best and worst attributes on PETA (Schumann, Stiefelhagen; CVPRW 2017, table 2), in %."""
WEIGHED: Mapping[str, tuple[str, str]] = {
    "cuhk03": ("male, long hair, jacket", "backpack, sandals, V-neck"),
    "market1501": ("backpack, skirt, male", "long hair, hat, V-neck"),
    "dukemtmc": ("jacket, casual upper, trousers", "male, sandals, messenger bag"),
}
"""Attributes of the highest and of the lowest weights in ACRN by data set (the same paper, table 6)."""
_ENDS = 5
"""Weights that are told at each end."""

Lines = list[tuple[str, ...]]


def named_attributes(results: Mapping[str, Sequence[Result]]) -> tuple[tuple[str, ...], Lines]:
    """Returns head and lines of a table: mA of each attribute that the paper names, in it and of what was measured.

    Args:
        results: Those of one recipe each, one a seed; what has not scored all these attributes is left out.
    """
    tables = {name: [_mean_accuracies(each) for each in own] for name, own in results.items()}
    measured = {name: own for name, own in tables.items() if own and all(table.keys() >= NAMED.keys() for table in own)}
    lines = [
        (
            f"`{attribute}`",
            f"{published:.1f}",
            *(f"{100 * statistics.fmean(table[attribute] for table in own):.1f}" for own in measured.values()),
        )
        for attribute, published in NAMED.items()
    ]
    return ("attribute", "the paper", *(f"`{name}`" for name in measured)), lines if measured else []


def learnt_weights(results: Mapping[str, Sequence[Result]]) -> tuple[tuple[str, ...], Lines]:
    """Returns head and lines of a table: the highest and lowest learnt weights, those of the paper before ours.

    Args:
        results: Those of one recipe each, one a seed, whose weights are averaged; what has learnt none is left out.
    """
    lines: Lines = []
    for name, own in results.items():
        weighed = [weights for each in own if (weights := each.content.get("attribute_weights"))]
        if not weighed:
            continue
        dataset = str(own[0].content["dataset"])
        if (told := (f"the paper, {dataset}", *WEIGHED.get(dataset, ()))) not in lines and len(told) > 1:
            lines.append(told)
        shared = [each for each in weighed[0] if all(each in weights for weights in weighed)]
        means = {each: statistics.fmean(weights[each] for weights in weighed) for each in shared}
        ordered = sorted(means, key=lambda each: -means[each])
        ends = (ordered[:_ENDS], ordered[-_ENDS:])
        lines.append((f"`{name}`", *(", ".join(f"{each} {means[each]:.2f}" for each in end) for end in ends)))
    return ("", "highest", "lowest"), lines


def _mean_accuracies(result: Result) -> Mapping[str, float]:
    """Returns (TPR + TNR) / 2 by binary attribute."""
    content: Any = result.content.get("attributes") or {}
    found: Mapping[str, float] = content.get("balanced_accuracy", {}).get("colors_binary", {})
    return found
