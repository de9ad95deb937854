"""A run folder, stopped and gone on with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.calls import run, run_whole


def test_train_leaves_a_run_folder(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} >= {
        "last",
        "best-on-test",
        "report.json",
        "curves.png",
        "metrics.csv",
    }
    assert "seed: 1" in (trained / "recipe.yaml").read_text()


def test_train_stops_and_resumes(recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert run("train", recipe, "--out", folder, "--stop-after", 1, "--accelerator", "cpu").exit_code == 130
    result = run("train", recipe, "--out", folder, "--resume", "--accelerator", "cpu")
    assert result.exit_code == 0, result.output
    assert (folder / "report.json").exists()


@pytest.mark.slow
def test_two_processes_train_as_one_run(recipe: Path, tmp_path: Path) -> None:
    result = run_whole("train", recipe, "--out", tmp_path / "run", "--accelerator", "cpu", "--devices", 2)
    assert result.returncode == 0, result.stderr
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 1 + 2
    assert (tmp_path / "run" / "report.json").exists()


def test_a_stopped_training_goes_on_as_it_says(recipe: Path, market_drawn: Path, tmp_path: Path) -> None:
    """The run's own recipe names data and weights, so that neither has to be given again."""
    out = ["--out", tmp_path / "run"]
    stopped = run("train", recipe, "--data", market_drawn, "--set", "phases.0.epochs=2", "--stop-after", 1, *out)
    assert stopped.exit_code == 130
    hint = re.search(r"stopped; go on with: reseen (train .*)\n", stopped.stderr)
    assert hint is not None, stopped.stderr
    result = run(*hint[1].split())
    assert result.exit_code == 0, result.output
    assert (tmp_path / "run" / "last").is_dir()
