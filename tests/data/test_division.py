"""A model meets no test person that it was trained on, and no fold is counted that is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reseen.checkpoint_files import CONFIG, MODEL_FILE
from reseen.data.division import as_trained, check_folds, division
from reseen.errors import ReseenError


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Trained on one half of CUHK01, PETA's persons, Market-1501, and the user's own table."""
    divisions: dict[str, Any] = {"cuhk01": [{"fold": 2}], "peta": [{"split": "disjoint", "fold": 0}]}
    content = {"trained_on": ["cuhk01", "peta", "market1501", "table"], "divisions": divisions, "held_back": {}}
    (tmp_path / CONFIG).write_text(json.dumps(content))
    (tmp_path / MODEL_FILE).touch()
    return tmp_path


def test_what_decides_who_is_trained_on() -> None:
    assert division("viper", {"attributes": True}) == {"fold": 0}
    assert division("cuhk03", {"boxes": "detected", "fold": 3}) == {"protocol": "new", "fold": 3}
    assert division("peta", {"split": "disjoint"}) == {"split": "disjoint", "fold": 0}
    assert division("market1501", {"keypoints": True}) == division("table", {"part": "train"}) == {}


def test_what_nobody_says_is_as_in_training(checkpoint: Path) -> None:
    assert as_trained(checkpoint, "cuhk01", {}) == as_trained(checkpoint, "cuhk01", {"fold": 2}) == {"fold": 2}
    assert as_trained(checkpoint, "peta", {"attributes": "all"}) == {
        "split": "disjoint",
        "fold": 0,
        "attributes": "all",
    }
    assert as_trained(checkpoint, "market1501", {}) == as_trained(checkpoint, "table", {}) == {}
    assert as_trained(checkpoint, "cuhk03", {"protocol": "classic", "fold": 7}) == {"protocol": "classic", "fold": 7}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cuhk01", {"fold": 0}, "was trained on cuhk01 with fold=2, and may know test persons of fold=0: leave"),
        ("peta", {"split": "random"}, "with split=disjoint, fold=0, and may know test persons of split=random, fold=0"),
    ],
)
def test_persons_of_another_division_are_refused(
    checkpoint: Path, name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReseenError, match=message):
        as_trained(checkpoint, name, options)


def test_who_has_seen_peta_has_seen_viper(checkpoint: Path) -> None:
    """PETA's subset VIPeR has all pictures of these persons, so that each of the two knows the other's."""
    content = json.loads((checkpoint / CONFIG).read_text())
    for trained, tested in (("peta", "viper"), ("viper", "peta")):
        content |= {"trained_on": [trained], "divisions": {trained: [division(trained, {})]}}
        (checkpoint / CONFIG).write_text(json.dumps(content))
        with pytest.raises(ReseenError, match=f"trained on {trained}, and may know test persons of {tested}: both"):
            as_trained(checkpoint, tested, {})
        assert as_trained(checkpoint, "cuhk01", {"fold": 4}) == {"fold": 4}


def test_a_division_that_is_not_told_may_be_any(checkpoint: Path) -> None:
    content = json.loads((checkpoint / CONFIG).read_text())
    del content["divisions"]["cuhk01"]
    (checkpoint / CONFIG).write_text(json.dumps(content))
    said = "was trained on cuhk01, does not say how that was divided, and may know test persons: evaluate a model"
    with pytest.raises(ReseenError, match=said):
        as_trained(checkpoint, "cuhk01", {"fold": 4})


@pytest.mark.parametrize("field", ["trained_on", "divisions"])
def test_a_checkpoint_that_does_not_say_whom_it_knows_is_refused(checkpoint: Path, field: str) -> None:
    content = json.loads((checkpoint / CONFIG).read_text())
    del content[field]
    (checkpoint / CONFIG).write_text(json.dumps(content))
    said = rf"config\.json does not say '{field}', so whom the model knows is unknown: train it again"
    with pytest.raises(ReseenError, match=said):
        as_trained(checkpoint, "cuhk01", {})


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
