"""What a training is told is understood, and what is missing is missed, before PyTorch is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.training.arguments import check_weights, parse_override
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
