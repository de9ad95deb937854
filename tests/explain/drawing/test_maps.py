"""AANet's figure: which panels there are, in which order, under which names, with which bars."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from reseen.errors import ReseenError
from reseen.explain import explain_figure
from reseen.explain.drawing.saving import save_figure
from tests.drawn import draw_person

PEAK = np.zeros((24, 8))
PEAK[6, 4] = 1.0
PREDICTIONS = [("upper_color", "red", 0.75), ("gender", "male", 0.5), ("hat", "no", 1.0)]
AANET = ("attention_kept", "attribute/upper_color", "attention", "attribute/gender", "id")


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.images and axes.get_label() != "scale"]


def bars(figure: Figure) -> Axes:
    (axes,) = [axes for axes in figure.axes if axes.get_label() == "predictions"]
    return axes


@pytest.mark.parametrize(
    ("names", "titles"),
    [
        (AANET, ["picture", "identity", "red", "male", "merged", "after threshold"]),
        (("id",), ["picture", "identity"]),
        (("attribute/lower_length", "attention"), ["picture", "lower length", "merged"]),
        (("parts", "id", "attention"), ["picture", "identity", "parts", "merged"]),
        ((), ["picture"]),
    ],
)
def test_panels_are_those_the_system_has_in_the_papers_order(names: tuple[str, ...], titles: list[str]) -> None:
    figure = explain_figure(draw_person(0, 1, 1), dict.fromkeys(names, PEAK), PREDICTIONS)
    assert [axes.get_title() for axes in panels(figure)] == titles
    assert any(axes.get_label() == "scale" for axes in figure.axes) == bool(names)


def test_attribute_panel_names_attribute_and_class() -> None:
    figure = explain_figure(draw_person(0, 1, 1), {"attribute/upper_color": PEAK}, PREDICTIONS)
    panel = panels(figure)[1]
    assert panel.get_title() == "red"
    assert [text.get_text() for text in panel.texts] == ["upper color"]


def test_panels_lie_in_order_and_apart() -> None:
    figure = explain_figure(draw_person(0, 1, 1), dict.fromkeys(AANET, PEAK), PREDICTIONS, title="a.jpg")
    boxes = [axes.get_position() for axes in panels(figure)]
    assert len(boxes) == 6
    for left, right in pairwise(boxes[:3]):
        assert left.x1 < right.x0
        assert left.y0 == pytest.approx(right.y0)
    assert boxes[3].y1 < boxes[0].y0
    assert max(box.x1 for box in boxes) < bars(figure).get_position().x0
    assert all(0 <= edge <= 1 for box in boxes for edge in box.extents)


def test_first_panel_is_the_picture_and_others_show_their_map() -> None:
    figure = explain_figure(draw_person(0, 2, 1), {"id": PEAK})
    picture, heat = (np.asarray(axes.images[0].get_array(), dtype=int) for axes in panels(figure))
    assert picture.shape == heat.shape == (480, 240, 3)
    assert np.ptp(picture, axis=2).max() > 100  # the red shirt
    warmth = heat[..., 0] + heat[..., 1] - heat[..., 2]
    assert warmth[120:140, 120:150].mean() > warmth[300:].mean() + 100


@pytest.mark.parametrize(("size", "drawn"), [((1, 1000), (1, 480)), ((20_000, 100), (1920, 480))])
def test_slim_and_wide_pictures_are_drawn_in_bounds(
    size: tuple[int, int], drawn: tuple[int, int], tmp_path: Path
) -> None:
    figure = explain_figure(Image.new("RGB", size), {"id": PEAK}, PREDICTIONS)
    assert [np.shape(axes.images[0].get_array())[1::-1] for axes in panels(figure)] == [drawn] * 2
    save_figure(figure, tmp_path / "figure.png")


def test_attention_is_not_rescaled_but_cams_are() -> None:
    """A merged map that is weak everywhere has to look weak; a CAM's own extremes are its scale."""
    weak = 0.2 * PEAK
    for name, bright in (("attention", False), ("attention_kept", False), ("attribute/hat", True), ("id", True)):
        heat = np.asarray(panels(explain_figure(draw_person(0, 8, 1), {name: weak}))[1].images[0].get_array())
        assert (heat[..., 0].max() > 200) == bright


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (np.zeros((24, 8)), "same everywhere"),
        (np.full((24, 8), 0.7, dtype=np.float32), "same everywhere"),
        (np.full((24, 8), -3.0), "same everywhere"),
        (PEAK - 2, "no evidence for it"),
    ],
)
def test_a_map_of_one_shade_says_why(values: np.ndarray[Any, Any], note: str) -> None:
    """All grey or all bright, it looks like a fault, or like evidence."""
    _, noted, other = panels(explain_figure(draw_person(0, 1, 1), {"id": values, "attention": 0.5 + 0.01 * PEAK}))
    assert [text.get_text() for text in noted.texts] == [note]
    assert not other.texts


def test_bars_show_predictions_in_order() -> None:
    axes = bars(explain_figure(draw_person(0, 1, 1), {}, PREDICTIONS))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["upper color: red", "gender: male", "hat: no"]
    assert [text.get_text() for text in axes.texts] == ["75%", "50%", "100%"]
    widths = [patch.get_width() for patch in axes.patches if isinstance(patch, Rectangle)]
    assert widths == [1, 1, 1, 0.75, 0.5, 1.0]  # grey full length first, then the bars
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # first prediction on top


def test_no_predictions_no_bars() -> None:
    figure = explain_figure(draw_person(0, 1, 1), {"id": PEAK})
    assert all(axes.get_label() != "predictions" for axes in figure.axes)


@pytest.mark.parametrize("count", [1, 12, 35])
def test_every_bar_has_room_for_its_text(count: int) -> None:
    figure = explain_figure(draw_person(0, 1, 1), {"id": PEAK}, [(f"attribute{i}", "yes", 0.5) for i in range(count)])
    height = bars(figure).get_position().height * figure.get_size_inches()[1]
    assert height / count >= 0.19  # inches; the text is 9 points = 0.125 inches high


@pytest.mark.parametrize("values", [np.zeros(8), np.zeros((1, 8, 8)), np.full((2, 2), np.nan)])
def test_bad_map_is_named(values: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ReseenError, match="map 'id' has to be a finite matrix"):
        explain_figure(draw_person(0, 1, 1), {"id": values})
