"""The whole chain, on given and on rendered persons."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from reseen import Embeddings, Gallery
from reseen.app.desk import Desk
from reseen.app.settings import Settings
from reseen.data.attributes import AttributeSchema, binary, multi_class
from reseen.demo import telling
from reseen.search import Match
from reseen.search.gallery import Results
from reseen.search.wanted import Found, Wanted
from reseen.training.loop.state import TrainingState
from reseen.training.loop.stop import GracefulStop
from tests.cli.calls import run
from tests.flat_world import FlatWorld

SEARCHES = {"search.png", "search-where.png", "search-both.png"}
PICTURES = {"curves.png", "cmc.png", "worst.png", "explain.png"} | SEARCHES


def test_demo_runs_the_whole_chain(
    recipe: Path, market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[int] = []

    def look_in(settings: Settings) -> None:
        with Desk(settings) as desk:  # the gallery is the model's, or this fails
            served.append(len(desk.gallery))

    monkeypatch.setattr("reseen.app.server.serve", look_in)
    result = run("demo", "--data", market_drawn, "--out", tmp_path / "demo", "--recipe", recipe)
    assert result.exit_code == 0, result.output
    written = {path.name for path in (tmp_path / "demo").iterdir()}
    assert written == {"run", "gallery", *PICTURES}
    with Gallery.open(tmp_path / "demo" / "gallery") as gallery:
        assert len(gallery) == len(list((market_drawn / "bounding_box_test").glob("*.jpg")))
    for command in re.findall(r"^reseen (gallery search|explain) (.*)$", result.output, re.MULTILINE):
        place = ["--out", tmp_path / "again.png"]
        arguments = shlex.split(" ".join(command).partition(" --out")[0])
        done = run(*arguments, *place)
        assert done.exit_code == 0, done.output
    assert served == [], "a script that calls it does not wait for visitors"
    again = run("demo", "--data", market_drawn, "--out", tmp_path / "demo", "--recipe", recipe, "--serve")
    assert again.exit_code == 0, again.output
    assert "training goes on" not in again.output, "it had come to its end"
    assert served[0] > 0


def test_by_both_asks_for_what_a_quarter_of_those_by_picture_do_not_show() -> None:
    """Surest of the query is the hat, which nobody wears; 2 of 8 wear no bag, and 1 of 8 is of another colour."""
    schema = AttributeSchema("own", (binary("hat"), binary("bag"), multi_class("color", "red", "blue", "tan")))
    tables = {"hat": [[0.99, 0.01]], "bag": [[0.3, 0.7]], "color": [[0.9, 0.1, 0.0]]}
    query = Embeddings(np.zeros((1, 2)), [1], [1], attributes={key: np.array(rows) for key, rows in tables.items()})

    def found(bags: int) -> Found:
        read = [
            {"hat": ("no", 0.9), "bag": ("yes" if row < bags else "no", 0.9), "color": ("red" if row else "blue", 0.9)}
            for row in range(8)
        ]
        matches = tuple(Match(row + 1, row, "", 1.0, None, 1, 1, each) for row, each in enumerate(read))
        return Found(Wanted(schema, None, query, None), Results(matches, exact=True, compared=8), 0)

    assert telling(found(6)) == "bag=yes"
    assert telling(found(7)) == "hat=no", "too few to see a difference: what the model is surest of"


def test_a_stopped_demo_goes_on_and_one_of_another_recipe_begins_anew(
    recipe: Path, market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GracefulStop, "is_due", True)  # as if ctrl-c were pressed in each first step
    folder = tmp_path / "demo"

    def stopped_at(*more: str) -> tuple[int, int, int]:
        result = run("demo", "--data", market_drawn, "--out", folder, "--recipe", recipe, *more)
        assert result.exit_code == 130, result.output
        assert "or call the demo again as it was: it goes on from there to its end" in result.output
        state = TrainingState.load(folder / "run" / "state.ckpt")
        return state.phase, state.epoch, state.batch

    first = stopped_at()
    assert stopped_at() > first
    assert stopped_at("--set", "seed=7") == first


def test_demo_of_a_model_trains_nothing(trained: Path, market_drawn: Path, tmp_path: Path) -> None:
    last = trained / "last"
    result = run("demo", "--data", market_drawn, "--out", tmp_path / "demo", "--model", last, "--no-serve")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"gallery", *PICTURES} - {"curves.png"}
    assert f"reseen explain {last}" in result.output
    refused = run("demo", "--model", last, "--recipe", "demo")
    assert "leave out --recipe and --weights" in str(refused.exception)


def test_the_run_that_a_demo_shows_stays_as_it_is(
    trained: Path, market_drawn: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """What `make demo` left; and the weights its recipe begins with are missed by nobody, as nothing is trained."""
    folder = tmp_path / "demo"
    shutil.copytree(trained, folder / "run")
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = run("demo", "--data", market_drawn, "--out", folder, "--model", folder / "run" / "last", "--no-serve")
    assert result.exit_code == 0, result.output
    assert {path: (folder / path).read_bytes() for path in before} == before
    assert not [str(each.message) for each in recwarn if "is not at hand" in str(each.message)]


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
    assert pictures == PICTURES
