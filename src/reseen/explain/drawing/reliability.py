"""How often what a model calls probable is so."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from reseen.evaluation.calibration import Reliability
from reseen.explain.drawing.curves import finish, look


def reliability_figure(curves: Sequence[Reliability]) -> Figure:
    """Draws the share of right pairs over the probability they were told with; on the diagonal both are equal.

    Args:
        curves: By the odds that the pairs were told at.
    """
    figure = Figure(figsize=(5.4, 4.8), dpi=110, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="#8a929c", linewidth=1, linestyle=":")
    for index, curve in enumerate(curves):
        label = f"1 pair in {1 / curve.odds:,.0f} is right: error {curve.error:.1%}"
        axes.plot(curve.told, curve.true, label=label, marker="o", markersize=4, linewidth=1.8, **look(index))
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    finish(axes, "probability told", "share that is the same person", columns=1)
    return figure
