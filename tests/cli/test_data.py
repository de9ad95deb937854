"""Data sets are checked, and rendered."""

from __future__ import annotations

import json
import re
from pathlib import Path

import typer

from reseen import cli
from reseen.data.sets.rendered import RenderConfig, config_of
from tests.cli.calls import run
from tests.data.trees import paint_all
from tests.flat_world import FlatWorld


def test_data_check_counts_and_says_what_is_wrong(market_drawn: Path, tmp_path: Path) -> None:
    result = run("data", "check", market_drawn, "--json", tmp_path / "check.json")
    assert result.exit_code == 0
    assert "no problems" in result.stdout
    assert json.loads((tmp_path / "check.json").read_text())["dataset"] == "market1501"
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "person.jpg").write_text("not a picture")
    result = run("data", "check", broken)
    assert result.exit_code == 1
    assert "person.jpg" in result.stdout


def test_data_check_takes_the_loaders_options(tmp_path: Path) -> None:
    paint_all(tmp_path, [f"{pid:04d}C{camid}T0001F001.jpg" for pid in (1, 2) for camid in (1, 2)])
    assert "the option pattern=" in run("data", "check", tmp_path).output  # what to try
    read = run("data", "check", tmp_path, "--option", r"pattern=(?P<pid>\d+)C(?P<camid>\d+)")
    assert re.search(r"gallery\D+4\D+2\D+2\D", read.output), read.output  # images, persons, cameras
    assert run("data", "check", tmp_path, "--option", "patern=x").exit_code != 0


def test_data_render_makes_what_can_be_checked(flat_world: type[FlatWorld], tmp_path: Path) -> None:
    root = tmp_path / "pedestrians"
    small = ["--persons", 4, "--images-per-camera", 2, "--cameras", 3, "--size", "64x32", "--seed", 7]
    result = run("data", "render", root, *small)
    assert result.exit_code == 0, result.output
    assert re.search(
        r"^rendered 24 images in \d+ s: [\d.]+ images/s\nwrote .*pedestrians$", result.stdout, re.MULTILINE
    )
    assert "rendering pedestrians: 24 …" in result.stderr
    assert config_of(root) == RenderConfig(persons=4, images_per_camera=2, cameras=3, size=(64, 32), seed=7)
    assert "rendered 0 images: everything was there" in run("data", "render", root, *small).stdout
    result = run("data", "check", root)
    assert result.exit_code == 0, result.output
    assert "rendered in" in result.stdout


def test_data_render_stops_and_goes_on(flat_world: type[FlatWorld], tmp_path: Path) -> None:
    small = ["--persons", 4, "--images-per-camera", 2, "--cameras", 3, "--size", "64x32"]
    flat_world.stop_at = 5
    result = run("data", "render", tmp_path, *small)
    assert result.exit_code == 130
    assert "stopped; the same command goes on" in result.stderr
    flat_world.stop_at = None
    assert "rendered 19 images" in run("data", "render", tmp_path, *small).stdout


def test_data_render_without_options_is_the_default() -> None:
    command = typer.main.get_command(cli.app).commands["data"].commands["render"]  # type: ignore[attr-defined]
    defaults = {parameter.name: parameter.default for parameter in command.params}
    config = RenderConfig()
    assert {name: defaults[name] for name in RenderConfig.model_fields} == config.model_dump() | {"size": "128x64"}
