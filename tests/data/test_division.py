"""A model meets no test person that it was trained on, and no fold is counted that is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reseen.checkpoint_files import CONFIG, MODEL_FILE
from reseen.data.division import as_trained, check_folds, division
from reseen.errors import ReseenError, ReseenWarning


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Trained on one half of VIPeR, PETA's persons and Market-1501."""
    divisions: dict[str, Any] = {"viper": [{"fold": 2}], "peta": [{"split": "disjoint", "fold": 0}]}
    content = {"trained_on": ["viper", "peta", "market1501", "cuhk01"], "divisions": divisions}
    (tmp_path / CONFIG).write_text(json.dumps(content))
    (tmp_path / MODEL_FILE).touch()
    return tmp_path


def test_what_decides_who_is_trained_on() -> None:
    assert division("viper", {"attributes": True}) == {"fold": 0}
    assert division("cuhk03", {"boxes": "detected", "fold": 3}) == {"protocol": "new", "fold": 3}
    assert division("peta", {"split": "disjoint"}) == {"split": "disjoint", "fold": 0}
    assert division("market1501", {"keypoints": True}) == {}


def test_what_nobody_says_is_as_in_training(checkpoint: Path) -> None:
    assert as_trained(checkpoint, "viper", {}) == {"fold": 2}
    assert as_trained(checkpoint, "viper", {"fold": 2, "attributes": True}) == {"fold": 2, "attributes": True}
    assert as_trained(checkpoint, "peta", {"attributes": "all"}) == {
        "split": "disjoint",
        "fold": 0,
        "attributes": "all",
    }
    assert as_trained(checkpoint, "market1501", {}) == {}
    assert as_trained(checkpoint, "cuhk03", {"protocol": "classic", "fold": 7}) == {"protocol": "classic", "fold": 7}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("viper", {"fold": 0}, "was trained on viper with fold=2, and may know test persons of fold=0: leave"),
        ("peta", {"split": "random"}, "with split=disjoint, fold=0, and may know test persons of split=random, fold=0"),
    ],
)
def test_persons_of_another_division_are_refused(
    checkpoint: Path, name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReseenError, match=message):
        as_trained(checkpoint, name, options)


def test_what_a_checkpoint_does_not_tell_is_said(checkpoint: Path) -> None:
    with pytest.warns(ReseenWarning, match="does not tell how cuhk01 was divided .* tested with fold=4"):
        assert as_trained(checkpoint, "cuhk01", {"fold": 4}) == {"fold": 4}


@pytest.mark.parametrize(
    ("name", "options", "folds", "message"),
    [
        ("viper", {}, 11, "--folds 11: viper has 10 folds; give 10 or fewer"),
        ("cuhk03", {}, 20, "--folds 20: cuhk03 with protocol=new has no folds; leave it out"),
        ("cuhk03", {"protocol": "classic"}, 21, "cuhk03 with protocol=classic has 20 folds"),
        ("peta", {"split": "list"}, 2, "peta with split=list has no folds"),
        ("market1501", {}, 2, "market1501 has no folds"),
    ],
)
def test_folds_that_are_not_there(name: str, options: dict[str, Any], folds: int, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        check_folds(name, options, folds)


@pytest.mark.parametrize(
    ("name", "options", "folds"),
    [("viper", {}, 10), ("cuhk01", {}, 10), ("cuhk03", {"protocol": "classic"}, 20), ("peta", {}, 5)],
)
def test_folds_that_are_there(name: str, options: dict[str, Any], folds: int) -> None:
    check_folds(name, options, folds)
