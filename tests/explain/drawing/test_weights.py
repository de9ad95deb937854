"""Bars of learnt weights."""

from __future__ import annotations

import pytest

from reseen.errors import ReseenError
from reseen.explain.drawing.weights import weights_figure


def bars(weights: dict[str, float], ends: int) -> tuple[list[str], list[float], list[str]]:
    figure = weights_figure(weights, ends=ends)
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    return names, [bar.get_width() for bar in axes.patches], [text.get_text().strip() for text in axes.texts]


def test_highest_and_lowest_are_drawn() -> None:
    weights = {"hat": 0.5, "long_hair": 3.0, "bag": 1.0, "male": 2.0, "sandals": 0.1}
    assert bars(weights, 2) == (["long hair", "male", "hat", "sandals"], [3.0, 2.0, 0.5, 0.1], ["… 1 between"])
    assert bars(weights, 3) == (["long hair", "male", "bag", "hat", "sandals"], [3.0, 2.0, 1.0, 0.5, 0.1], [])


def test_without_weights() -> None:
    with pytest.raises(ReseenError, match="no weights"):
        weights_figure({})
