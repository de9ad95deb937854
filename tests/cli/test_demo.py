"""The whole chain, on given and on rendered persons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.calls import run
from tests.flat_world import FlatWorld


def test_demo_runs_the_whole_chain(recipe: Path, market_drawn: Path, tmp_path: Path) -> None:
    result = run("demo", "--data", market_drawn, "--out", tmp_path / "demo", "--recipe", recipe)
    assert result.exit_code == 0, result.output
    written = {path.name for path in (tmp_path / "demo").iterdir()}
    assert written == {"run", "curves.png", "cmc.png", "worst.png", "search.png", "search-where.png", "explain.png"}
    again = run("demo", "--data", market_drawn, "--out", tmp_path / "demo", "--recipe", recipe)
    assert again.exit_code == 0, again.output


def test_demo_without_data_renders_its_own(
    flat_world: type[FlatWorld], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path / "cache"))
    render = "{persons: 16, images_per_camera: 2, cameras: 2, cameras_per_person: 2, size: [64, 32], test_share: 0.5}"
    changes = [f"data.render={render}", "data.size=[64, 32]", "model.backbone=test_resnet", "phases.0.epochs=1"]
    result = run("demo", "--out", tmp_path / "demo", *(word for change in changes for word in ("--set", change)))
    assert result.exit_code == 0, result.output
    assert flat_world.made == 16 * 2 * 2
    assert re.search(r"rendered into .*cache/rendered.*train +32 images +8 persons", result.output, re.DOTALL)
    pictures = {path.name for path in (tmp_path / "demo").glob("*.png")}
    assert pictures == {"curves.png", "cmc.png", "worst.png", "search.png", "search-where.png", "explain.png"}
