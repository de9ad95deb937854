"""metrics.csv grows by rows, takes new columns, and forgets what a resumed run does again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from reseen.training.loop.history import History


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_and_late_columns(tmp_path: Path) -> None:
    history = History(tmp_path / "metrics.csv")
    history.add(0, 1, {"loss": 2.0})
    history.add(0, 2, {"loss": 1.0, "mAP": 0.5})
    assert read(tmp_path / "metrics.csv") == [
        {"phase": "0", "epoch": "1", "loss": "2", "mAP": ""},
        {"phase": "0", "epoch": "2", "loss": "1", "mAP": "0.5"},
    ]


def test_resuming_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    first = History(path)
    for phase, epoch in [(0, 1), (0, 2), (1, 1), (1, 2)]:
        first.add(phase, epoch, {"loss": 1.0})
    resumed = History(path, before=(1, 2))
    resumed.add(1, 2, {"loss": 0.5})
    assert [(row["phase"], row["epoch"], row["loss"]) for row in read(path)] == [
        ("0", "1", "1"),
        ("0", "2", "1"),
        ("1", "1", "1"),
        ("1", "2", "0.5"),
    ]


def test_a_new_run_starts_empty(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    History(path).add(0, 1, {"loss": 1.0})
    History(path).add(0, 1, {"loss": 3.0})
    assert [row["loss"] for row in read(path)] == ["3"]


def test_speed_is_that_of_all_steps(tmp_path: Path) -> None:
    """100 images in 1 s and 300 in 6 s are 400 in 7 s; the GPU was looked at in the second and third epoch."""
    history = History(tmp_path / "metrics.csv")
    history.add(0, 1, {"seconds": 1.0, "images_per_second": 100.0})
    history.add(0, 2, {"seconds": 6.0, "images_per_second": 50.0, "gpu_busy": 0.9})
    assert history.speed() == pytest.approx({"images_per_second": 400 / 7, "gpu_busy": 0.9})
    history.add(1, 1, {"seconds": 2.0, "images_per_second": 10.0, "gpu_busy": 0.5})
    assert History(tmp_path / "metrics.csv", before=(9, 9)).speed() == pytest.approx(
        {"images_per_second": 420 / 9, "gpu_busy": 0.8}
    )
    assert History(tmp_path / "other.csv").speed() == {}
