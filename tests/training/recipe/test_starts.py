"""A start keeps its name wherever it lies, a run keeps its start, and neither knows whom it is tested on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reseen.checkpoint_files import CONFIG, MODEL_FILE
from reseen.errors import ReseenError
from reseen.training.recipe import Recipe, check_unchanged, check_unseen, dump_recipe, load_recipe, recipe_from
from reseen.training.recipe.starts import CHECKPOINT_OF_RUN, is_checkpoint
from reseen.training.recipe_files import recipe_files

VIPER, HALF = {"name": "viper", "options": {"fold": 3}}, {"share": 0.5, "seed": 1}


def starting(init: dict[str, str], data: dict[str, Any] | None = None, phase: dict[str, Any] | None = None) -> Recipe:
    """Returns a recipe; a teacher is heard if there is one."""
    kinds = ["identity"] + ["similarity"] * ("teacher" in init)
    return recipe_from(
        {
            "name": "r",
            "data": data or {"name": "market1501"},
            "model": {"system": "ide"},
            "init": init,
            "phases": [{"epochs": 1, "objective": {"terms": [{"kind": kind} for kind in kinds]}} | (phase or {})],
        },
        "test",
    )


def trained_on(folder: Path, *names: str, **noted: Any) -> str:
    """Writes what a checkpoint says of its training, and returns its place."""
    content = {"trained_on": names, "divisions": {}, "held_back": {}} | noted
    (folder / CONFIG).write_text(json.dumps(content))
    (folder / MODEL_FILE).touch()
    return str(folder)


@pytest.mark.parametrize(
    ("started", "now"),
    [
        ("weights/a.safetensors", "weights/b.safetensors"),
        ("runs/a/last", "runs/b/last"),
        ("runs/a/last", "runs/a/best"),
        ("hub", "a.safetensors"),
        ("pose-net", None),
    ],
)
def test_a_run_goes_on_from_what_it_started_from(started: str, now: str | None, tmp_path: Path) -> None:
    stored = tmp_path / "recipe.yaml"
    stored.write_text(dump_recipe(starting({"backbone": started})))
    check_unchanged(starting({"backbone": str(tmp_path / started)}), stored)
    with pytest.raises(ReseenError, match=r"differs from .*recipe\.yaml in 'init\.backbone'"):
        check_unchanged(starting({"backbone": now} if now else {}), stored)


def test_checkpoints_are_told_from_weights(tmp_path: Path) -> None:
    assert [is_checkpoint(name) for name in ("runs/a/last", "/elsewhere/a/best-on-test")] == [True, True]
    assert [is_checkpoint(name) for name in ("hub", "a.safetensors", "runs/a", "last")] == [False] * 4
    (tmp_path / "model.safetensors").touch()
    assert is_checkpoint(str(tmp_path))


@pytest.mark.parametrize("part", ["backbone", "teacher"])
@pytest.mark.parametrize("file", ["", MODEL_FILE])
def test_a_start_that_knows_test_persons_is_refused(part: str, file: str, tmp_path: Path) -> None:
    place = str(Path(trained_on(tmp_path, "market1501", "viper", divisions={"viper": [{"fold": 0}]})) / file)
    said = (
        rf"^init\.{part}: {tmp_path} was trained on viper with fold=0, and may know test persons of fold=3: start from"
    )
    with pytest.raises(ReseenError, match=said):
        check_unseen(starting({part: place}, VIPER))
    check_unseen(starting({part: place}, {"name": "viper"}))  # the half it was trained on
    check_unseen(starting({part: place}))


def test_other_data_sets_make_honest_starts_unless_they_have_the_same_pictures(tmp_path: Path) -> None:
    """As IVA's from Market-1501 to VIPeR, and ACRN's from PETA to Market-1501."""
    check_unseen(starting({"backbone": trained_on(tmp_path, "market1501")}, VIPER))
    peta = trained_on(tmp_path, "peta", divisions={"peta": [{"split": "random", "fold": 0}]})
    check_unseen(starting({"backbone": peta}))
    with pytest.raises(ReseenError, match="was trained on peta, and may know test persons of viper: both have"):
        check_unseen(starting({"backbone": peta}, VIPER))


def test_ours_start_from_nobody_whom_they_are_tested_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As that one's recipe says whom it has learnt from: VIPeR after Market-1501, all of PETA's words after 35."""
    monkeypatch.chdir(tmp_path)
    started = [load_recipe(path) for path in recipe_files().values() if "runs/" in path.read_text()]
    for source in {source for recipe in started for source in recipe.init.values()}:
        if made := CHECKPOINT_OF_RUN.fullmatch(source):
            Path(source).mkdir(parents=True)
            before = load_recipe(made[1])
            trained_on(Path(source), *before.trained_on, divisions=before.divisions)
    assert len([recipe for recipe in started if recipe.checkpoints]) > 10
    for recipe in started:
        check_unseen(recipe)


@pytest.mark.parametrize(
    ("data", "phase", "place"),
    [
        (VIPER | {"extra": [{"name": "viper"}]}, {}, r"data\.extra\.0"),
        (VIPER, {"data": {"name": "viper"}}, r"phases\.0\.data"),
        (VIPER, {"data": {"name": "cuhk01", "extra": [{"name": "viper"}]}}, r"phases\.0\.data\.extra\.0"),
    ],
)
def test_a_recipes_own_data_is_divided_in_one_way(data: dict[str, Any], phase: dict[str, Any], place: str) -> None:
    with pytest.raises(ReseenError, match=rf"^{place} has test persons of data .*, as viper is divided .*: give it"):
        check_unseen(starting({}, data, phase))
    check_unseen(starting({}, data | {"options": {"fold": 0}}, phase))


def test_whom_validation_holds_back_nobody_has_learnt_from(tmp_path: Path) -> None:
    data = {"name": "market1501", "validation": HALF}
    place = trained_on(tmp_path, "market1501")
    with pytest.raises(ReseenError, match=r"^init\.backbone: .* on persons of market1501 that data.validation holds"):
        check_unseen(starting({"backbone": place}, data))
    check_unseen(starting({"teacher": place}, data))
    trained_on(tmp_path, "market1501", held_back={"name": "market1501", "options": {}} | HALF)
    check_unseen(starting({"backbone": place}, data))
    with pytest.raises(ReseenError, match=r"^data\.extra\.0 has the persons of market1501 that data.validation holds"):
        check_unseen(starting({}, data | {"extra": [{"name": "market1501"}]}))
