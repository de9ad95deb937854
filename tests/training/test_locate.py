"""Data and weights are found where the documentation says they are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError, ReseenWarning
from reseen.training.locate import resolve
from reseen.training.recipe import Recipe, recipe_from


def make(weights: str | None = "w.safetensors") -> Recipe:
    return recipe_from(
        {
            "name": "r",
            "data": {"name": "market1501"},
            "model": {"system": "ide"},
            "weights": weights,
            "phases": [{"epochs": 1}],
        },
        "test",
    )


@pytest.mark.parametrize("place", ["data/weights", "weights", "own", "cache/weights"])
def test_weights_are_found_in_every_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("RESEEN_WEIGHTS", str(tmp_path / "own"))
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    file = tmp_path / place / "w.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert resolve(make(), data=tmp_path / "data").weights == str(file)


def test_the_command_line_goes_before_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESEEN_DATA", str(tmp_path))
    (tmp_path / "given").mkdir()
    (tmp_path / "own.safetensors").touch()
    resolved = resolve(make(), data=tmp_path / "given", weights=tmp_path / "own.safetensors")
    assert resolved.data.root == tmp_path / "given"
    assert resolved.weights == str(tmp_path / "own.safetensors")
    assert resolve(make("hub")).data.root == tmp_path
    assert resolve(make("hub")).weights == "hub"
    assert resolve(make(None)).weights is None


def test_what_is_missing_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="give --data DIR or set RESEEN_DATA"):
        resolve(make())
    with pytest.raises(ReseenError, match="does not exist"):
        resolve(make(), data=tmp_path / "none")
    with pytest.raises(ReseenError, match=r"no weights file w\.safetensors.*--set weights=hub"):
        resolve(make(), data=tmp_path)


def test_timms_weights_stand_in_for_the_v1_file(tmp_path: Path) -> None:
    with pytest.warns(ReseenWarning, match="taking timm's resnet50.tv_in1k instead"):
        resolved = resolve(make("resnet50_imagenet_v1.safetensors"), data=tmp_path)
    assert (resolved.weights, resolved.model["stride_in"]) == ("hub", "conv2")
