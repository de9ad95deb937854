"""Every fold is trained and ranked by its own model, in one command that can be stopped anywhere."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from reseen.checkpoint_files import CONFIG, MODEL_FILE, checkpoints_for, divisions_of, fold_folder, trained_on
from reseen.errors import ReseenError
from reseen.training.fit import Run
from reseen.training.folds import train_folds
from reseen.training.recipe import Recipe, recipe_from
from tests.cli.calls import run
from tests.data.trees import write_viper

QUIET = Console(file=io.StringIO())


def recipe_on(root: Path, name: str = "viper") -> Recipe:
    phase: dict[str, Any] = {
        "epochs": 2,
        "objective": {"terms": [{"kind": "identity"}]},
        "sampler": {"kind": "random", "batch_size": 4},
    }
    content = {
        "name": "tiny",
        "data": {"name": name, "root": str(root), "size": [64, 32]},
        "model": {"system": "ide", "backbone": "test_resnet"},
        "precision": "32-true",
        "phases": [phase],
    }
    return recipe_from(content, "test")


@pytest.fixture(scope="module")
def viper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_viper(tmp_path_factory.mktemp("viper") / "VIPeR", persons=8)


def start(stop_after: int | None = None) -> Any:
    return lambda recipe, folder, resume: Run(recipe, folder, resume, stop_after, "cpu", 1, QUIET)


def test_stopped_and_resumed_equals_one_go_and_is_the_mean(viper: Path, tmp_path: Path) -> None:
    recipe = recipe_on(viper)
    whole = train_folds(recipe, tmp_path / "whole", 2, start())
    assert train_folds(recipe, tmp_path / "parts", 2, start(stop_after=1)) is None
    killed = fold_folder(tmp_path / "parts", 1)  # before its first state was saved
    killed.mkdir()
    (killed / "recipe.yaml").write_text("name: ti")
    parts = train_folds(recipe, tmp_path / "parts", 2, start(), resume=True)
    assert whole is not None
    assert parts is not None
    assert whole.figures() == parts.figures()
    single = [json.loads((fold_folder(tmp_path / "whole", fold) / "report.json").read_text()) for fold in range(2)]
    assert whole.ranking is not None
    assert whole.ranking.mAP == pytest.approx(np.mean([each["mAP"] for each in single]))
    assert whole.ranking.std["mAP"] == pytest.approx(np.std([each["mAP"] for each in single]))
    assert whole.notes[-1] == (
        "mean over 2 folds; each scored by a model that was trained on the fold's own training part"
    )
    stored = json.loads((tmp_path / "whole" / "report.json").read_text())
    assert stored["mAP"] == whole.ranking.mAP
    seen = [(fold_folder(tmp_path / "whole", fold) / "recipe.yaml").read_text() for fold in range(2)]
    assert ["fold: 0" in seen[0], "fold: 1" in seen[1]] == [True, True]

    last = fold_folder(tmp_path / "whole", 0) / "last"
    assert trained_on(last) == ("viper",)
    assert checkpoints_for(tmp_path / "whole", 1, "viper") == [
        fold_folder(tmp_path / "whole", fold) / "last" for fold in range(2)
    ]
    with pytest.raises(ReseenError, match=r"was trained on viper, with test persons of other folds: train on each"):
        checkpoints_for(last, 2, "viper")
    assert checkpoints_for(last, 10, "cuhk03") == [last] * 10
    with pytest.raises(
        ReseenError, match=r"over folds of viper: for cuhk01 give one of its checkpoints, such as .*last"
    ):
        checkpoints_for(tmp_path / "whole", 1, "cuhk01")
    with pytest.raises(ReseenError, match="was trained on 2 folds; leave out --folds"):
        checkpoints_for(tmp_path / "whole", 3, "viper")
    with pytest.raises(ReseenError, match="is not empty: go on with --resume"):
        train_folds(recipe, tmp_path / "whole", 2, start())


def test_a_fold_is_evaluated_on_its_own_test_persons(viper: Path, tmp_path: Path) -> None:
    recipe = recipe_on(viper)
    data = recipe.data.model_copy(update={"options": {"fold": 3}})
    assert start()(recipe.model_copy(update={"data": data}), tmp_path / "run", False).train()
    last = tmp_path / "run" / "last"
    assert divisions_of(last) == {"viper": [{"fold": 3}]}
    call = ("evaluate", last, "--data", viper, "--device", "cpu")
    result = run(*call, "--out", tmp_path / "again")
    assert result.exit_code == 0, result.output
    before, again = (
        json.loads((folder / "report.json").read_text()) for folder in (tmp_path / "run", tmp_path / "again")
    )
    assert again["mAP"] == pytest.approx(before["mAP"], abs=1e-6)
    assert "VIPeR half 3 of 10" in " ".join(again["notes"])
    refused = run(*call, "--option", "fold=0")
    assert "was trained on viper with fold=3, and may know test persons of fold=0" in str(refused.exception)


def test_a_start_that_knows_a_later_folds_test_persons_is_told_of_before_any_is_trained(
    viper: Path, tmp_path: Path
) -> None:
    begin = tmp_path / "begin"
    begin.mkdir()
    noted = {"trained_on": ["viper"], "divisions": {"viper": [{"fold": 0}]}, "held_back": {}}
    (begin / CONFIG).write_text(json.dumps(noted))
    (begin / MODEL_FILE).touch()
    recipe = recipe_on(viper).model_copy(update={"init": {"backbone": str(begin)}})
    said = r"init\.backbone: .* trained on viper with fold=0, and may know test persons of fold=1: start from a model"
    with pytest.raises(ReseenError, match=said):
        train_folds(recipe, tmp_path / "run", 2, start())
    other = recipe.data.model_copy(update={"options": {"fold": 1}})
    with pytest.raises(ReseenError, match=said):
        start()(recipe.model_copy(update={"data": other}), tmp_path / "run", False).train()
    assert not (tmp_path / "run").exists()


def test_data_sets_without_folds_are_told_of(market_drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="market1501 has no folds"):
        train_folds(recipe_on(market_drawn, "market1501"), tmp_path / "run", 2, start())
