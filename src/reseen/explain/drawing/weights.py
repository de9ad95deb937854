"""What a system relies on: attributes (ACRN, table 6), or channels and parts in one picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from reseen.errors import ReseenError

_INK, _GRAY, _BAR, _LOW = "#1b1f24", "#59636e", "#31688e", "#b8c4ce"


def weights_figure(weights: Mapping[str, float], *, ends: int = 10, title: str = "learnt attribute weights") -> Figure:
    """Draws the highest and the lowest weights as bars, the highest on top.

    Args:
        weights: By what they weigh.
        ends: How many of each; all of them where there are no more.
        title: Headline.

    Raises:
        ReseenError: If there are none.
    """
    if not weights:
        raise ReseenError("this system has no weights to draw")
    ordered = sorted(weights.items(), key=lambda item: -item[1])
    left_out = max(0, len(ordered) - 2 * ends)
    shown = ordered[:ends] + ordered[ends + left_out :]
    places = np.array([place + (left_out > 0 and place >= ends) for place in range(len(shown))])
    figure = Figure(figsize=(5.4, 0.9 + 0.22 * (len(shown) + 1)), dpi=110, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    colors = [_BAR if place < (len(shown) + 1) // 2 else _LOW for place in range(len(shown))]
    axes.barh(places, [weight for _, weight in shown], height=0.6, color=colors)
    if left_out:
        axes.text(0, ends, f"  … {left_out} between", fontsize=8, color=_GRAY, va="center")
    axes.set_yticks(places, labels=[name.replace("_", " ") for name, _ in shown])
    axes.set_ylim(places[-1] + 0.7, -0.7)
    axes.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=_INK)
    axes.tick_params(axis="x", labelsize=8, colors=_GRAY)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(title, fontsize=10, color=_INK, loc="left")
    return figure
