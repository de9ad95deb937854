"""What a training is told is understood, and what is missing is missed, before PyTorch is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen import checkpoint_files
from reseen.checkpoint_files import CONFIG, MODEL_FILE, STATE
from reseen.errors import ReseenError
from reseen.training.arguments import check_weights, find_weights, parse_override
from reseen.training.recipe_files import recipes_directory


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("seed=3", "seed", 3),
        ("phases.0.optimizer.lr=1e-3", "phases.0.optimizer.lr", 0.001),
        (" data.options ={fold: 2}", "data.options", {"fold": 2}),
        ("name=a=b", "name", "a=b"),
        ("distance=", "distance", None),
    ],
)
def test_an_override_is_a_key_and_yaml(override: str, key: str, value: object) -> None:
    assert parse_override(override) == (key, value)


def test_weights_are_missed_where_nothing_else_can_say_where_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, weights = recipes_directory() / "demo.yaml", Path("w.safetensors")
    check_weights(None, ours, None)
    with pytest.raises(ReseenError, match=r"there are no weights w\.safetensors"):
        check_weights(weights, ours, tmp_path / "data")
    check_weights(weights, tmp_path / "own.yaml", None)  # which may say where its data lies
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / weights).touch()
    check_weights(weights, ours, tmp_path / "data")
    monkeypatch.setenv("RESEEN_DATA", str(tmp_path / "data"))
    check_weights(weights, ours, None)


def test_what_comes_with_the_package_is_found_unless_something_is_called_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    with pytest.raises(ReseenError, match=r"network 'pose-net' is not in this package: name .* one; reseen train-pose"):
        find_weights("pose-net", None)
    for folder in (tmp_path / "box" / "pose-net", tmp_path / "weights" / "pose-net"):
        folder.mkdir(parents=True)
        for file in (CONFIG, MODEL_FILE):
            (folder / file).touch()
    assert find_weights("pose-net", tmp_path) == tmp_path / "box" / "pose-net"
    assert find_weights("./box/pose-net", None) == Path("box/pose-net")
    assert find_weights("./pose-net", None) is None, "a path"
    own = tmp_path / "pose-net"
    own.mkdir()
    (own / STATE).touch()
    for missing in (CONFIG, MODEL_FILE):
        with pytest.raises(ReseenError, match=f"pose-net is not .* no {missing}; give a folder `reseen train-pose`"):
            find_weights("pose-net", None)
        (own / missing).touch()
    assert find_weights("pose-net", None) == find_weights("./pose-net", None) == Path("pose-net")
