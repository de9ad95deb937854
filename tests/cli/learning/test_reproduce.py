"""`reseen reproduce` shows the tables' rows, runs them, and says where it stopped."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reseen.errors import ReseenError
from reseen.training.loop import stop
from reseen.training.reproduce import rows, running
from tests.cli.calls import run
from tests.training.reproduce.tiny import row_of


@pytest.fixture
def table(market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows; only one of them says where its data lies."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rows, "ROWS", (row_of(tmp_path, None, "one"), row_of(tmp_path, market_drawn, "two")))


@pytest.mark.usefixtures("table")
def test_alone_it_shows_and_runs_nothing() -> None:
    result = run("reproduce")
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines() if "missing" in line] == ["one", "two"]
    assert not Path("runs").exists()


def test_in_a_pipe_the_longest_name_and_every_column_are_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    lines = run("reproduce").stdout.splitlines()
    assert next(line.split() for line in lines if "recipe" in line) == ["recipe", "state", "aim", "measured"]
    assert max((row.recipe for row in rows.ROWS), key=len) in {line.split()[0] for line in lines if line.strip()}


@pytest.mark.usefixtures("table")
def test_it_runs_what_can_be_run() -> None:
    result = run("reproduce", "--run", "--accelerator", "cpu")
    assert result.exit_code == 0, result.output
    assert "wrote results/two.json" in result.stdout
    assert "left out one: recipe one needs market1501: give --data DIR or set RESEEN_DATA" in result.stderr
    assert "done" in next(line for line in result.stdout.splitlines() if line.split()[:1] == ["two"])


@pytest.mark.usefixtures("table")
def test_it_says_where_it_stopped(market_drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the first epoch of the only one chosen, since the time is over by then."""
    times = iter([0.0, 0.0])
    over = SimpleNamespace(monotonic=lambda: next(times, math.inf))
    monkeypatch.setattr(running, "time", over)
    monkeypatch.setattr(stop, "time", over)
    arguments = ["reproduce", "--only", "o*", "--minutes", 2, "--data", market_drawn, "--accelerator", "cpu"]
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "the 2 minutes were over in one; the same command goes on there" in result.stderr
    assert Path("runs/one/state.ckpt").is_file()


@pytest.mark.usefixtures("table")
def test_a_user_who_stops_it_is_told_by_the_exit_code(market_drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop.GracefulStop, "is_due", True)
    assert run("reproduce", "--run", "--data", market_drawn, "--accelerator", "cpu").exit_code == 130
    assert Path("runs/one/state.ckpt").is_file()


def test_a_wrong_name_is_told_before_anything_heavy_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reseen.training.reproduce.overview", None)
    result = run("reproduce", "--only", "aanet50-makret1501")
    assert isinstance(result.exception, ReseenError)
    assert "did you mean 'aanet50-market1501'?" in str(result.exception)
