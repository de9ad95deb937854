"""The command line as a user meets it: every command, its help, and its mistakes in one line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from reseen import Embeddings, cli
from reseen.data.sets.rendered import RenderConfig, config_of
from reseen.errors import ReseenError
from tests.flat_world import FlatWorld

COMMANDS = ["data check", "data render", "train", "evaluate", "embed", "search", "explain", "demo"]


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(cli.app, [str(word) for word in arguments])


def run_whole(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the program itself: only `main` turns errors into lines."""
    command = [sys.executable, "-m", "reseen.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def recipe(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(f"""
name: tiny
data: {{name: market1501, root: {market_drawn}, size: [64, 32]}}
model: {{system: aanet, backbone: resnet10t, neck: bnneck, num_parts: 3}}
phases:
  - epochs: 2
    sampler: {{kind: identities, persons: 4, images_per_person: 2}}
    objective: {{terms: [{{kind: identity}}, {{kind: triplet}}, {{kind: attribute}}]}}
    optimizer: {{name: adam, lr: 1e-3}}
""")
    return path


@pytest.fixture(scope="module")
def trained(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    result = run("train", recipe, "--out", folder, "--set", "seed=1", "--accelerator", "cpu")
    assert result.exit_code == 0, result.output
    assert "mAP" in result.stdout
    return folder


@pytest.fixture
def query(market_drawn: Path) -> Path:
    return min((market_drawn / "query").glob("*.jpg"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"reseen {command}" in " ".join(result.stdout.split("Example:")[1].split())


def test_train_leaves_a_run_folder(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} >= {"last", "best", "report.json", "curves.png", "metrics.csv"}
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


def test_evaluate_equals_the_figures_after_training(trained: Path, market_drawn: Path, tmp_path: Path) -> None:
    result = run(
        *("evaluate", trained / "last", "--data", market_drawn, "--out", tmp_path, "--device", "cpu"),
        *("--reranking", "--multiple-query"),
    )
    assert result.exit_code == 0, result.output
    report, before = (json.loads((folder / "report.json").read_text()) for folder in (tmp_path, trained))
    assert report["mAP"] == pytest.approx(before["mAP"], abs=1e-6)
    assert {"reranked", "multiple_query", "attributes"} <= report.keys()
    for name in ("cmc.png", "worst.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 200


def test_search_in_a_folder_equals_search_in_its_descriptors(
    trained: Path, market_drawn: Path, query: Path, tmp_path: Path
) -> None:
    gallery, file = market_drawn / "bounding_box_test", tmp_path / "gallery.parquet"
    result = run("embed", trained / "last", "--images", gallery, "--out", file, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert len(Embeddings.load(file)) == len(list(gallery.glob("*.jpg")))
    results = [
        run("search", trained / "last", "--gallery", place, "--query", query, "--out", tmp_path / "s.png", "--top", 3)
        for place in (gallery, file)
    ]
    assert all(result.exit_code == 0 for result in results), results[0].output
    found = [re.findall(r"\d{4}_c\ds1_\d{6}_\d\d\.jpg", result.stdout) for result in results]
    assert found[0] == found[1]
    assert len(found[0]) == 3
    camera = query.name.split("_")[1][:2]
    own = len(list(gallery.glob(f"{query.name[:4]}_{camera}*.jpg")))
    said = f"pictures of person {int(query.name[:4])} by the query's own camera {camera[1:]}, left out: {own}"
    assert all((said in " ".join(result.stderr.split())) == (own > 0) for result in results)
    assert not any(name.startswith(query.name[:4]) and f"_{camera}" in name for name in found[0])
    with Image.open(tmp_path / "s.png") as picture:
        assert picture.width > picture.height


def test_descriptors_of_another_model_are_refused(
    trained: Path, market_drawn: Path, query: Path, tmp_path: Path
) -> None:
    """Equally long ones, too: this once ended with a ranking that meant nothing."""
    file = tmp_path / "gallery.parquet"
    embedded = run("embed", trained / "last", "--images", market_drawn / "query", "--out", file, "--device", "cpu")
    assert embedded.exit_code == 0, embedded.output
    replace(Embeddings.load(file), model="0123456789abcdef").save(file)
    for wanted in (["--query", query], ["--where", "gender=male"]):
        result = run("search", trained / "last", "--gallery", file, *wanted, "--out", tmp_path / "s.png")
        assert isinstance(result.exception, ReseenError)
        assert "was made by another model (0123456789ab)" in str(result.exception)
    assert not (tmp_path / "s.png").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--folds", 2, "--option", "fold=1"], "--folds 2 goes over the folds itself"),
        (["--option", "fold=[1"], "a value is not YAML"),
        (["--feature", "glob"], "no feature 'glob'; there are: global"),
    ],
)
def test_evaluate_tells_what_is_wrong(trained: Path, market_drawn: Path, options: list[Any], says: str) -> None:
    result = run("evaluate", trained / "last", "--data", market_drawn, "--device", "cpu", *options)
    assert isinstance(result.exception, ReseenError)
    assert says in str(result.exception)


def test_the_gallery_of_a_data_set_is_searched(trained: Path, market_drawn: Path, query: Path, tmp_path: Path) -> None:
    result = run("search", trained / "last", "--gallery", market_drawn, "--query", query, "--out", tmp_path / "s.png")
    assert result.exit_code == 0, result.output
    names = re.findall(r"(?:-1|\d{4})_c\ds1_\d{6}_\d\d\.jpg", result.stdout)
    assert len(names) == 10
    gallery = {path.name for path in (market_drawn / "bounding_box_test").glob("*.jpg")}
    assert set(names) <= {name for name in gallery if not name.startswith("-1")}


def test_search_by_attributes_alone(trained: Path, market_drawn: Path, tmp_path: Path) -> None:
    gallery = market_drawn / "bounding_box_test"
    both = [
        run(
            "search",
            trained / "last",
            "--gallery",
            gallery,
            "--where",
            where,
            "--out",
            tmp_path / "s.png",
            "--top",
            200,
        )
        for where in ("gender=male", "gender=female")
    ]
    assert all(result.exit_code == 0 for result in both)
    counts = [len(re.findall(r"\.jpg", result.stdout)) for result in both]
    assert sum(counts) == len(list(gallery.glob("*.jpg")))  # a filter and its opposite share the gallery out


def test_explain_prints_every_attribute_and_draws(trained: Path, query: Path, tmp_path: Path) -> None:
    result = run("explain", trained / "last", query, "--out", tmp_path / "e.png")
    assert result.exit_code == 0, result.output
    assert len(re.findall(r"^\w+ +\w+ +\d+%$", result.stdout, re.MULTILINE)) == 12
    with Image.open(tmp_path / "e.png") as picture:
        assert picture.width > 600


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "no/model", "x.jpg"], "no/model is not a checkpoint"),
        (["data", "check", "no/folder"], "no/folder does not exist"),
        (["train", "no.yaml"], "cannot read recipe no.yaml"),
        (["data", "render", "x", "--persons", "1"], "cannot render this: persons: "),
        (["data", "render", "tests"], "tests holds other things"),
    ],
)
def test_mistakes_end_in_one_line(arguments: list[str], message: str) -> None:
    result = run_whole(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_mistakes_with_a_model(trained: Path, market_drawn: Path, query: Path) -> None:
    last = trained / "last"
    for arguments, message in [
        (["search", last, "--gallery", market_drawn, "--where", "hatt=yes"], "did you mean hat?"),
        (["search", last, "--gallery", market_drawn], "nothing to search for: give --query"),
        (["explain", last, query, "--device", "cuda:77"], "--device cuda:77"),
        (["evaluate", last, "--data", market_drawn, "--option", "fold"], "write key=value"),
        (["evaluate", last, "--data", market_drawn, "--average-precision", "best"], "it can be hits or trapezoid"),
    ]:
        result = run(*arguments)
        assert result.exit_code != 0
        assert message in str(result.exception)


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
    changes = [f"data.render={render}", "data.size=[64, 32]", "model.backbone=resnet10t", "phases.0.epochs=1"]
    result = run("demo", "--out", tmp_path / "demo", *(word for change in changes for word in ("--set", change)))
    assert result.exit_code == 0, result.output
    assert flat_world.made == 16 * 2 * 2
    assert re.search(r"rendered into .*cache/rendered.*train +32 images +8 persons", result.output, re.DOTALL)
    pictures = {path.name for path in (tmp_path / "demo").glob("*.png")}
    assert pictures == {"curves.png", "cmc.png", "worst.png", "search.png", "search-where.png", "explain.png"}


def test_cache_is_shown_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "abc-64x32.npy").write_bytes(bytes(2_000_000))
    assert "abc-64x32" in run("cache", "show").stdout
    assert "deleted 0 " in run("cache", "clear", "--older-than", "1d").stdout
    assert "deleted 1 of what was kept, 2.0 MB" in run("cache", "clear").stdout
    assert not list((tmp_path / "images").iterdir())
    assert "write a number and h, d or w" in str(run("cache", "clear", "--older-than", "week").exception)
