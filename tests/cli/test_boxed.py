"""The model that comes with the package is what commands use where no checkpoint is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import reseen
from reseen import Embeddings, Gallery, checkpoint_files
from reseen.errors import ReseenError
from reseen.export.packing import pack
from reseen.training.calibrating import calibrate
from tests.cli.calls import run
from tests.export.test_packing import trained


def test_small_is_used_where_no_checkpoint_is_named(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    query = sorted((market_drawn / "query").glob("*.jpg"))[0]
    embed = ["embed", "--images", market_drawn / "query", "--out", tmp_path / "x.parquet"]
    search = ["search", "--gallery", market_drawn / "query", "--query", query, "--out", tmp_path / "found.png"]
    add = ["gallery", "add", tmp_path / "hall", "--images", market_drawn / "query"]
    look = ["gallery", "search", tmp_path / "hall", "--query", query]
    for command, what in (
        (embed, "a checkpoint,"),
        (search, "a checkpoint,"),
        (add, "a checkpoint,"),
        (["serve", tmp_path / "hall"], "a checkpoint with --model,"),
        (look, "the gallery's model with --checkpoint,"),
    ):
        if command[0] == "serve" or command is look:
            Gallery.open(tmp_path / "hall").close()
        told = f"name {what} such as runs/NAME/last; reseen demo --recipe demo makes demo-out/run/last"
        assert str(run(*command).exception) == told, "nobody asked for 'small'"
    (tmp_path / "small").mkdir()  # a folder of pictures, say
    monkeypatch.chdir(tmp_path)
    pack(trained(tmp_path / "last"), "small", box=tmp_path / "box")
    served: list[Path] = []
    monkeypatch.setattr("reseen.app.server.serve", lambda settings: served.append(settings.checkpoint))
    for command in (embed, search, add, look, ["serve", tmp_path / "hall"]):
        result = run(*command)
        assert result.exit_code == 0, result.output
    small = reseen.load("small").digest
    assert Embeddings.model_of(tmp_path / "x.parquet") == small
    assert (tmp_path / "found.png").stat().st_size > 0
    with Gallery.open(tmp_path / "hall") as hall:
        assert hall.layout is not None
        assert hall.layout.like.model == small
    assert served == [tmp_path / "box" / "small"]


def test_the_packages_own_model_is_not_calibrated_anew(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, copy = tmp_path / "box" / "small", tmp_path / "own-small"
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    pack(trained(tmp_path / "last"), "small", box=tmp_path / "box")
    before = {path.name: path.read_bytes() for path in small.iterdir()}
    monkeypatch.chdir(tmp_path)
    for named in ("small", small):
        told = run("calibrate", named, market_drawn).exception
        remedy = f"copy it first (cp -r {small} own-small), and name the copy"
        assert str(told) == f"{small} came with the package and stays as it is: {remedy}"
    with pytest.raises(ReseenError, match="stays as it is"):
        calibrate(small, reseen.load(small), "market1501", market_drawn)
    assert {path.name: path.read_bytes() for path in small.iterdir()} == before
    shutil.copytree(small, copy)
    result = run("calibrate", copy, market_drawn)
    assert result.exit_code == 0, result.output
    assert reseen.load(copy).calibration.source == "test persons of market1501, a data set the model was not trained on"


@pytest.mark.parametrize(
    ("options", "shown"),
    [((), "box/small"), (("--recipe", "demo"), None), (("--set", "seed=2"), None), (("--model", "own"), "own")],
)
def test_the_demo_shows_it_unless_something_else_is_asked_for(
    options: tuple[str, ...], shown: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_files, "BOX", Path("box"))
    monkeypatch.chdir(tmp_path)
    for folder in (Path("box/small"), Path("own")):
        folder.mkdir(parents=True)
        for file in (checkpoint_files.CONFIG, checkpoint_files.MODEL_FILE):
            (folder / file).touch()
    seen: list[Path | None] = []

    def look_at(*args: object, checkpoint: Path | None, **others: object) -> list[Path]:
        seen.append(checkpoint)
        return [Path("picture.png")]

    monkeypatch.setattr("reseen.demo.demo", look_at)
    result = run("demo", "--no-serve", *options)
    assert result.exit_code == 0, result.output
    assert seen == [None if shown is None else Path(shown)]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("demo", "--model", "small"), "--model"),
        (("serve", "--model", "small", "hall"), "--model"),
        (("ingest", "--checkpoint", "small", "hall.mp4", "--gallery", "hall", "--camera", "1"), "--checkpoint"),
        (("gallery", "erase", "--checkpoint", "small", "hall", "--like", "one.jpg"), "--checkpoint"),
    ],
)
def test_until_one_is_there_the_option_that_names_another_is_told(
    command: tuple[str, ...], option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    told = str(run(*command).exception)
    assert told.endswith(
        f"a checkpoint with {option}, such as runs/NAME/last; reseen demo --recipe demo makes demo-out/run/last"
    )


def test_help_promises_it_only_where_it_is_there() -> None:
    for command in (["search"], ["embed"], ["serve"], ["gallery", "add"], ["gallery", "search"]):
        told = run(*command, "--help").output
        assert "--help" in told
        assert ("small" in told) == checkpoint_files.boxed("small"), command
