"""Whose pictures a checkpoint is calibrated on: never those of persons it was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reseen.checkpoint_files import CONFIG, MODEL_FILE
from reseen.data import open_split
from reseen.data.sets.rendered import make_config
from reseen.data.validation import hold_out
from reseen.errors import ReseenError
from reseen.training.calibrating import held_back_by, held_back_words, pairs_of
from reseen.training.recipe import DataSection
from reseen.world import render
from tests.data.trees import write_viper
from tests.flat_world import FlatWorld

RENDER = {"persons": 8, "images_per_camera": 2, "cameras": 2, "size": "64x32"}


@pytest.fixture
def viper(tmp_path: Path) -> Path:
    return write_viper(tmp_path / "VIPeR", persons=16)


def checkpoint(folder: Path, **noted: Any) -> Path:
    folder.mkdir()
    content = {"trained_on": ["viper"], "divisions": {"viper": [{"fold": 1}]}, "held_back": {}} | noted
    (folder / CONFIG).write_text(json.dumps(content))
    (folder / MODEL_FILE).touch()
    return folder


def test_the_persons_held_back_are_those_of_the_trainings_own_fold(viper: Path, tmp_path: Path) -> None:
    data = DataSection.model_validate(
        {"name": "viper", "options": {"fold": 1}, "validation": {"share": 0.5, "seed": 3}}
    )
    held = held_back_by(data)
    assert held == {"name": "viper", "options": {"fold": 1}, "share": 0.5, "seed": 3}
    split, source = pairs_of(checkpoint(tmp_path / "last", held_back=held), "viper", viper, {})
    assert split == hold_out(open_split("viper", viper, fold=1), 0.5, 3)[1]
    assert source == held_back_words("viper") == "training persons of viper that were held back"


def test_without_them_it_is_the_test_persons_of_that_fold_and_no_others(viper: Path, tmp_path: Path) -> None:
    last = checkpoint(tmp_path / "last")
    split, source = pairs_of(last, "viper", viper, {})
    assert split.query == open_split("viper", viper, fold=1).query
    assert "for this test set itself the probabilities are too good" in source
    with pytest.raises(ReseenError, match="was trained on viper with fold=1, and may know test persons of fold=0"):
        pairs_of(last, "viper", viper, {"fold": 0})


def test_another_data_set_may_be_divided_in_any_way(viper: Path, tmp_path: Path) -> None:
    last = checkpoint(tmp_path / "last", trained_on=["market1501"], divisions={})
    split, source = pairs_of(last, "viper", viper, {"fold": 7})
    assert split.query == open_split("viper", viper, fold=7).query
    assert source == "test persons of viper, a data set the model was not trained on"
    assert held_back_by(DataSection(name="viper")) == {}


@pytest.mark.parametrize("key", ["rendered", "market1501"])
def test_rendered_persons_are_known_again_under_either_key(
    flat_world: type[FlatWorld], tmp_path: Path, key: str
) -> None:
    root = tmp_path / "pedestrians"
    render(root, make_config(RENDER))
    told = pairs_of(checkpoint(tmp_path / "knows", trained_on=["rendered"], divisions={}), key, root, {})[1]
    assert told.startswith("test persons of rendered, as none were held back in training")
    told = pairs_of(checkpoint(tmp_path / "other", trained_on=["market1501"], divisions={}), key, root, {})[1]
    assert told == "test persons of rendered, a data set the model was not trained on"
    held = {"name": "rendered", "options": {}, "share": 0.5, "seed": 3}
    last = checkpoint(tmp_path / "held", trained_on=["rendered"], divisions={}, held_back=held)
    assert pairs_of(last, key, root, {})[1] == held_back_words("rendered")
