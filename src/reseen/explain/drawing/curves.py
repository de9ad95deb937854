"""Curves: CMC of one or several systems, and how a training went."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from reseen.errors import ReseenError

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31")
"""Okabe and Ito's colours, which stay apart without colour vision; line styles change after them."""
_STYLES = ("-", "--", ":", "-.")
_INK, _GRID = "#1b1f24", "#d8dde3"
_NOT_LOSSES = frozenset({"phase", "epoch", "step", "lr", "seconds", "images_per_second", "gpu_busy"})
_METRICS = {"mAP": "mAP", "rank1": "rank-1", "rank5": "rank-5", "mINP": "mINP"}


def cmc_figure(
    curves: Mapping[str, ArrayLike], *, max_rank: int = 20, mean_ap: Mapping[str, float] | None = None
) -> Figure:
    """Draws cumulative matching characteristics.

    Args:
        curves: CMC by name: element k-1 is the share of queries with a right match in the first k.
        max_rank: Last rank drawn.
        mean_ap: mAP by the same names, for the legend.

    Raises:
        ReseenError: If there is no curve, or one is not a row of shares in [0, 1].
    """
    if not curves:
        raise ReseenError("no CMC curve to draw")
    figure = Figure(figsize=(6.4, 4.4), dpi=110, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    lowest = 1.0
    for index, (name, curve) in enumerate(curves.items()):
        shares = np.asarray(curve, dtype=np.float64)[:max_rank]
        if shares.ndim != 1 or not len(shares) or shares.min() < 0 or shares.max() > 1:
            raise ReseenError(f"CMC curve {name!r} has to be a row of shares between 0 and 1")
        label = f"{name}: rank-1 {shares[0]:.1%}"
        if mean_ap is not None and name in mean_ap:
            label += f", mAP {mean_ap[name]:.1%}"
        ranks = np.arange(1, len(shares) + 1)
        axes.plot(ranks, 100 * shares, label=label, marker="o", markersize=3.5, linewidth=1.8, **look(index))
        lowest = min(lowest, float(shares[0]))
    axes.set_xlim(0.6, max_rank + 0.4)
    axes.set_ylim(max(0.0, 10 * np.floor(10 * lowest - 0.5)), 101)
    axes.set_xticks([1, *range(5, max_rank + 1, 5)])
    finish(axes, "rank k", "right person among the first k (%)")
    return figure


def training_figure(metrics: Path) -> Figure:
    """Draws the loss terms and the evaluation figures of a training over its epochs.

    Args:
        metrics: The run's ``metrics.csv``: a row an epoch, counted anew in each phase; ``loss``, the
            terms it is made of, and ``mAP`` and ``rank1`` in epochs that were evaluated.

    Raises:
        ReseenError: If the file is missing or holds no epoch.
    """
    columns = _read(metrics)
    epochs = np.arange(1, 1 + len(next(iter(columns.values()))))
    metric_names = [name for name in _METRICS if name in columns]
    loss_names = [name for name in columns if name not in _NOT_LOSSES and name not in _METRICS]
    figure = Figure(figsize=(10.4 if metric_names else 6.4, 4.2), dpi=110, layout="constrained", facecolor="white")
    losses, *rest = figure.subplots(1, 2 if metric_names else 1, squeeze=False)[0]
    for index, name in enumerate(loss_names):
        width = 2.4 if name == "loss" else 1.5
        label = "total" if name == "loss" else name.removeprefix("loss/").replace("_", " ")
        # A line through one epoch is nothing to see; a point is.
        marker = "o" if len(epochs) == 1 else ""
        losses.plot(epochs, columns[name], label=label, linewidth=width, marker=marker, **look(index))
    finish(losses, "epoch", "loss, and its terms before weighting" if len(loss_names) > 1 else "loss", columns=4)
    for axes in rest:
        for index, name in enumerate(metric_names):
            known = np.isfinite(columns[name])
            values = 100 * columns[name][known]
            if len(values):
                label = f"{_METRICS[name]}: {values[-1]:.1f}, best {values.max():.1f}"
                axes.plot(epochs[known], values, label=label, marker="o", markersize=4, linewidth=1.8, **look(index))
        axes.set_ylim(0, 101)
        finish(axes, "epoch", "test set (%)", columns=2)
    for axes in (losses, *rest):
        axes.set_xlim(0.7, len(epochs) + 0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if "phase" in columns:
            for change in np.flatnonzero(np.diff(columns["phase"])):
                axes.axvline(float(epochs[change]) + 0.5, color=_INK, linewidth=0.8, linestyle=":")
    return figure


def look(index: int) -> dict[str, Any]:
    """Returns colour and line style of a figure's curve, counted from 0."""
    return {
        "color": _COLORS[index % len(_COLORS)],
        "linestyle": _STYLES[index // len(_COLORS) % len(_STYLES)],
    }


def finish(axes: Axes, x: str, y: str, *, columns: int = 0) -> None:
    """Writes beside the axes; the legend goes above them in so many columns, where it covers no curve, or within."""
    axes.set_xlabel(x, fontsize=10.5, color=_INK)
    axes.set_ylabel(y, fontsize=10.5, color=_INK)
    axes.tick_params(labelsize=9.5, colors=_INK)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1)} if columns else {}
        axes.legend(fontsize=9.5, frameon=False, ncols=columns or 1, columnspacing=1.4, **place)


def _read(metrics: Path) -> dict[str, NDArray[np.float64]]:
    """Returns the columns that are numbers, NaN where a row says nothing."""
    try:
        with metrics.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ReseenError(f"cannot read {metrics}: {error}") from error
    if not rows:
        raise ReseenError(f"{metrics} holds no finished epoch yet")
    columns: dict[str, NDArray[np.float64]] = {}
    for name in rows[0]:
        try:
            columns[name] = np.array([float(row[name] or "nan") for row in rows])
        except ValueError as error:
            raise ReseenError(f"{metrics}: column {name!r} holds something that is not a number: {error}") from error
    return columns
