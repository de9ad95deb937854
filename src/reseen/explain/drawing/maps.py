"""Where a system looked and what it read there: the figure of AANet (figs. 3 and 6) for any picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from reseen.errors import ReseenError
from reseen.explain.drawing.enlarging import at_height
from reseen.explain.drawing.overlay import COLORMAP, overlay, scaled

Prediction = tuple[str, str, float]
"""Attribute, its predicted class, and that class's probability."""

_ATTRIBUTE = "attribute/"
TITLES = {"id": "identity", "attention": "merged", "attention_kept": "after threshold"}
"""What maps of no attribute are called in front of people."""
_HEIGHT = 480
"""Pictures are enlarged to this many pixels, so that maps are drawn smoothly over small crops."""
_PANEL, _TITLE, _MARGIN, _FOOT = 2.9, 0.5, 0.1, 0.55
"""Inches: a panel's height, the room for its title, the figure's border, the room for the colour scale."""
_INK, _GRAY, _FAINT, _BAR = "#1b1f24", "#59636e", "#d8dde3", "#31688e"


def explain_figure(
    picture: Image.Image,
    maps: Mapping[str, NDArray[np.floating]],
    predictions: Sequence[Prediction] = (),
    *,
    title: str = "",
) -> Figure:
    """Draws the picture, every map laid over it, and the predicted attributes.

    Args:
        picture: The person image.
        maps: (h, w) by the names of `PersonOutput.maps`; whichever the system has. ``attention`` and
            ``attention_kept`` are in [0, 1] and drawn as they are, so that they can be compared; every
            other map is scaled by its highest value, and what is negative is dark. One that comes out as one
            shade all over says why.
        predictions: Attribute, class and probability, in the order to list them.
        title: Headline, such as the file's name.

    Raises:
        ReseenError: If a map is not a finite matrix.
    """
    for name, values in maps.items():
        if np.ndim(values) != 2 or not np.isfinite(values).all():
            raise ReseenError(f"map {name!r} has to be a finite matrix (h, w), got shape {np.shape(values)}")
    picture = at_height(picture, _HEIGHT)
    classes = {attribute: value for attribute, value, _ in predictions}
    panels = [(("picture", ""), picture, "")]
    for name in _order(maps):
        values = maps[name] if name.startswith("attention") else scaled(maps[name])
        panels.append((_panel_title(name, classes), overlay(picture, values), _note(maps[name])))

    rows = 1 if len(panels) <= 5 else 2
    columns = math.ceil(len(panels) / rows)
    panel_width = _PANEL * picture.width / picture.height
    # Titles of narrow panels ("lower length") need their own width.
    cell = max(panel_width, 1.15) + 0.12
    longest = max((len(f"{name}: {value}") for name, value, _ in predictions), default=0)
    bars_left = 2 * _MARGIN + columns * cell + 0.074 * longest
    width = bars_left + 1.9 if predictions else 2 * _MARGIN + columns * cell
    heading = 0.32 if title else 0.0
    height = heading + max(rows * (_PANEL + _TITLE), _TITLE + 0.2 * len(predictions)) + _FOOT

    figure = Figure(figsize=(width, height), dpi=110, facecolor="white")
    if title:
        figure.text(0.2 / width, 1 - 0.12 / height, title, fontsize=12, weight="bold", color=_INK, va="top")
    for index, ((caption, value), panel, note) in enumerate(panels):
        row, column = divmod(index, columns)
        left = _MARGIN + column * cell + (cell - panel_width) / 2
        bottom = height - heading - (row + 1) * (_PANEL + _TITLE)
        axes = figure.add_axes((left / width, bottom / height, panel_width / width, _PANEL / height))
        _draw_panel(axes, panel, caption, value, note)
    if len(panels) > 1:
        _draw_scale(figure, left=(_MARGIN + 0.06) / width, width=min(2.6, columns * cell - 0.12) / width)
    if predictions:
        top = height - heading - _TITLE
        box = (bars_left / width, _FOOT / height, 1.4 / width, (top - _FOOT) / height)
        _draw_predictions(figure.add_axes(box, label="predictions"), predictions)
    return figure


def _order(maps: Mapping[str, NDArray[np.floating]]) -> list[str]:
    """The figure's order: identity, attributes as they come, anything else, merged, thresholded."""
    last = [name for name in ("attention", "attention_kept") if name in maps]
    attributes = [name for name in maps if name.startswith(_ATTRIBUTE)]
    first = [name for name in ("id",) if name in maps]
    return [*first, *attributes, *(name for name in maps if name not in {*first, *attributes, *last}), *last]


def _panel_title(name: str, classes: Mapping[str, str]) -> tuple[str, str]:
    """Returns what the panel shows and, for an attribute, the class whose evidence it is."""
    if not name.startswith(_ATTRIBUTE):
        return TITLES.get(name, name.replace("_", " ")), ""
    attribute = name.removeprefix(_ATTRIBUTE)
    return attribute.replace("_", " "), classes.get(attribute, "")


def _note(values: NDArray[np.floating]) -> str:
    """Says why a map is one shade all over: it is the same everywhere, but for rounding, or negative; empty if not."""
    if np.ptp(values) <= 1e-5 * np.abs(values).max():
        return "same everywhere"
    return "no evidence for it" if values.max() <= 0 else ""


def _draw_panel(axes: Axes, panel: Image.Image, caption: str, value: str, note: str) -> None:
    axes.imshow(np.asarray(panel), aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(_FAINT)
    axes.set_title(value or caption, fontsize=10, weight="bold" if value else "normal", color=_INK, pad=5)
    if value:
        axes.annotate(
            caption, (0.5, 1), (0, 19), "axes fraction", "offset points", fontsize=9, color=_GRAY, ha="center"
        )
    if note:
        paper = {"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 2}
        axes.annotate(note, (0.5, 0.03), xycoords="axes fraction", fontsize=7.5, color=_INK, ha="center", bbox=paper)


def _draw_scale(figure: Figure, left: float, width: float) -> None:
    height = float(figure.get_size_inches()[1])
    axes = figure.add_axes((left, 0.3 / height, width, 0.09 / height), label="scale")
    bar = figure.colorbar(ScalarMappable(cmap=colormaps[COLORMAP]), cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.set_ticks([0, 1], labels=["little", "much evidence"])
    axes.tick_params(length=0, labelsize=8.5, colors=_INK, pad=2)
    little, much = axes.get_xticklabels()
    little.set_horizontalalignment("left")
    much.set_horizontalalignment("right")


def _draw_predictions(axes: Axes, predictions: Sequence[Prediction]) -> None:
    places = np.arange(len(predictions))
    axes.barh(places, [1.0] * len(predictions), height=0.5, color=_FAINT)
    axes.barh(places, [probability for _, _, probability in predictions], height=0.5, color=_BAR)
    for place, (_, _, probability) in enumerate(predictions):
        axes.text(1.04, place, f"{probability:.0%}", fontsize=9, color=_INK, va="center")
    axes.set_yticks(places, labels=[f"{name.replace('_', ' ')}: {value}" for name, value, _ in predictions])
    axes.set_ylim(max(len(predictions), 6) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=_INK)
    axes.spines[:].set_visible(False)
    axes.set_title("predicted attributes", fontsize=9.5, color=_INK, loc="left", pad=5)
