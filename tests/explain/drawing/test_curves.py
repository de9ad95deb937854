"""Curves hold the figures they are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.explain import cmc_figure, training_figure

METRICS = """phase,epoch,loss,global,attribute,lr,seconds,images_per_second,gpu_busy,mAP,rank1
0,1,9,6,3,0.1,60,100,0.9,,
0,2,6,4,2,0.1,60,100,,0.5,0.7
1,1,4,3,1,0.1,60,100,0.8,,
1,2,3,2,1,0.1,60,100,,0.4,0.8
"""


def test_cmc_draws_each_curve_in_percent() -> None:
    figure = cmc_figure({"AANet": [0.5, 0.75, 1.0], "IDE": np.array([0.25, 0.5, 0.5])}, mean_ap={"AANet": 0.4})
    (axes,) = figure.axes
    first, second = axes.lines
    assert first.get_xdata().tolist() == [1, 2, 3]  # type: ignore[union-attr]
    assert first.get_ydata().tolist() == [50, 75, 100]  # type: ignore[union-attr]
    assert second.get_ydata().tolist() == [25, 50, 50]  # type: ignore[union-attr]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]  # type: ignore[union-attr]
    assert labels == ["AANet: rank-1 50.0%, mAP 40.0%", "IDE: rank-1 25.0%"]
    assert axes.get_ylim()[0] <= 25


def test_cmc_stops_at_the_last_rank() -> None:
    assert len(cmc_figure({"x": np.linspace(0.5, 1, 50)}, max_rank=10).axes[0].lines[0].get_xdata()) == 10  # type: ignore[arg-type]


def test_many_curves_stay_apart() -> None:
    lines = cmc_figure({str(i): [0.5, 0.6] for i in range(16)}).axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 16


@pytest.mark.parametrize("curve", [[], [0.5, 93.0], [-0.1], [[0.5]]])
def test_cmc_refuses_what_is_no_curve(curve: list[float]) -> None:
    with pytest.raises(ReseenError, match="CMC curve 'x'"):
        cmc_figure({"x": curve})
    with pytest.raises(ReseenError, match="no CMC curve"):
        cmc_figure({})


def test_training(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(METRICS)
    losses, metrics = training_figure(tmp_path / "metrics.csv").axes
    drawn = {line.get_label(): line.get_ydata() for line in losses.lines if not str(line.get_label()).startswith("_")}
    assert {name: list(values) for name, values in drawn.items()} == {  # type: ignore[arg-type]
        "total": [9, 6, 4, 3],
        "global": [6, 4, 3, 2],
        "attribute": [3, 2, 1, 1],
    }
    mean_ap, rank1 = (line for line in metrics.lines if not str(line.get_label()).startswith("_"))
    assert list(mean_ap.get_xdata()) == [2, 4]  # type: ignore[arg-type]
    assert list(mean_ap.get_ydata()) == [50, 40]  # type: ignore[arg-type]
    assert mean_ap.get_label() == "mAP: 40.0, best 50.0"
    assert rank1.get_label() == "rank-1: 80.0, best 80.0"
    # The second phase starts between epochs 2 and 3.
    assert [list(line.get_xdata()) for line in losses.lines if str(line.get_label()).startswith("_")] == [[2.5, 2.5]]  # type: ignore[arg-type]


def test_training_without_evaluation_has_one_panel(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("phase,epoch,loss\n0,1,9\n")
    assert len(training_figure(tmp_path / "metrics.csv").axes) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot read"),
        ("phase,epoch,loss\n", "no finished epoch"),
        ("phase,epoch,loss\n0,1,much\n", "column 'loss' holds something that is not a number"),
    ],
)
def test_training_errors(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "metrics.csv").write_text(text)
    with pytest.raises(ReseenError, match=says):
        training_figure(tmp_path / "metrics.csv")


def test_a_single_epoch_is_a_visible_point(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("phase,epoch,loss\n0,1,2.5\n")
    (line,) = training_figure(tmp_path / "metrics.csv").axes[0].get_lines()
    assert line.get_marker() == "o"
