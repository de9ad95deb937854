"""Data and weights are found where the documentation says they are looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reseen.data.sets.rendered import make_config
from reseen.errors import ReseenError, ReseenWarning
from reseen.models.ide import IDEConfig
from reseen.training.recipe import Recipe, load_recipe, recipe_from
from reseen.training.recipe.locate import V1_FILE, resolve
from reseen.training.recipe.reading import content_of
from reseen.world import render
from tests.flat_world import FlatWorld


def make(weights: str | None = "w.safetensors") -> Recipe:
    return recipe_from(
        {
            "name": "r",
            "data": {"name": "market1501"},
            "model": {"system": "ide"},
            "init": {"backbone": weights} if weights else {},
            "phases": [{"epochs": 1, "objective": {"terms": [{"kind": "identity"}]}}],
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
    assert resolve(make(), data=tmp_path / "data").init == {"backbone": str(file)}


def test_the_command_line_goes_before_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESEEN_DATA", str(tmp_path))
    (tmp_path / "given").mkdir()
    (tmp_path / "own.safetensors").touch()
    resolved = resolve(make(), data=tmp_path / "given", weights=tmp_path / "own.safetensors")
    assert resolved.data.root == tmp_path / "given"
    assert resolved.init["backbone"] == str(tmp_path / "own.safetensors")
    (tmp_path / "run" / "last").mkdir(parents=True)
    (tmp_path / "run" / "last" / "model.safetensors").touch()
    checkpoint = tmp_path / "run" / "last"
    assert resolve(make(), weights=checkpoint).init["backbone"] == str(checkpoint)
    with pytest.raises(ReseenError, match=r"there are no weights .*run: name a file or a checkpoint with --weights$"):
        resolve(make(), weights=tmp_path / "run")
    assert resolve(make("hub")).data.root == tmp_path
    assert resolve(make("hub")).init == {"backbone": "hub"}
    assert resolve(make(None)).init == {}


def test_weights_never_take_the_place_of_what_a_run_has_learnt(tmp_path: Path) -> None:
    (tmp_path / "own.safetensors").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "model.safetensors").touch()
    for start in ("runs/first/last", str(tmp_path / "folder")):
        with pytest.raises(
            ReseenError, match=r"what .* has learnt; .*: --set init\.backbone=.*own\.safetensors$"
        ) as error:
            resolve(make(start), data=tmp_path, weights=tmp_path / "own.safetensors")
        assert start in str(error.value)
    elsewhere = tmp_path / "runs" / "first" / "last"
    elsewhere.mkdir(parents=True)
    (elsewhere / "model.safetensors").touch()
    assert resolve(make("runs/first/last"), data=tmp_path, weights=elsewhere).init == {"backbone": str(elsewhere)}


def test_what_is_missing_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="give --data DIR or set RESEEN_DATA"):
        resolve(make())
    with pytest.raises(ReseenError, match="does not exist"):
        resolve(make(), data=tmp_path / "none")
    with pytest.raises(ReseenError, match=r"there are no weights w\.safetensors: name a file or a checkpoint"):
        resolve(make(), data=tmp_path)


def test_timms_weights_stand_in_for_the_v1_file(tmp_path: Path) -> None:
    with pytest.warns(ReseenWarning, match="taking timm's resnet50.tv_in1k instead"):
        resolved = resolve(make("resnet50_imagenet_v1.safetensors"), data=tmp_path)
    assert isinstance(resolved.model, IDEConfig)
    assert (resolved.init, resolved.model.stride_in) == ({"backbone": "hub"}, "conv2")


RENDER = {"persons": 4, "images_per_camera": 2, "cameras": 2, "size": "64x32"}


def rendered_recipe(**data: Any) -> Recipe:
    content = content_of(make(None))
    return recipe_from(content | {"data": {"name": "rendered"} | data}, "test")


def test_a_missing_pose_network_is_named_with_what_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.safetensors").touch()
    recipe = load_recipe("lrdnn50-market1501-short", ["init.pose=own-net"])
    with pytest.raises(
        ReseenError, match=r"weights own-net: .*; pose-net comes with the package, reseen train-pose makes another"
    ):
        resolve(recipe, data=tmp_path, weights=tmp_path / "w.safetensors")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "rendered"


def test_missing_weights_are_named_before_anything_is_rendered(
    flat_world: type[FlatWorld], cache: Path, tmp_path: Path
) -> None:
    recipe = rendered_recipe(render=RENDER)
    for given in (tmp_path / "none.safetensors", Path(V1_FILE)):  # timm's stand in only for what nobody asked for
        with pytest.raises(ReseenError, match=f"there are no weights .*{given.name}: name a file or a checkpoint"):
            resolve(recipe, weights=given)
    with pytest.raises(ReseenError, match=r"no weights runs/first/last: .*backbone=…; reseen train first makes it"):
        resolve(recipe.model_copy(update={"init": {"backbone": "runs/first/last"}}))
    assert flat_world.made == 0


def test_the_recipe_says_what_was_used(
    flat_world: type[FlatWorld], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is named goes before the recipe's own numbers, and before the environment."""
    render(tmp_path / "other", make_config(RENDER | {"seed": 5}))
    for resolved in (
        resolve(rendered_recipe(render=RENDER), data=tmp_path / "other"),
        resolve(rendered_recipe(render=RENDER, root=str(tmp_path / "other"))),
    ):
        assert resolved.data.root == tmp_path / "other"
        assert resolved.data.render == make_config(RENDER | {"seed": 5})
    monkeypatch.setenv("RESEEN_DATA", str(tmp_path / "other"))
    assert resolve(rendered_recipe(render=RENDER | {"seed": 5})).data.root == tmp_path / "other"
    assert resolve(rendered_recipe()).data.root == tmp_path / "other"
    assert not cache.exists()
    assert resolve(rendered_recipe(render=RENDER)).data.root == cache / make_config(RENDER).digest
    with pytest.raises(ReseenError, match="no rendered pictures in"):
        resolve(rendered_recipe(), data=tmp_path / "other" / "query")


@pytest.mark.parametrize("place", ["market", "missing"])
def test_other_data_in_the_environment_is_not_taken_for_rendered(
    flat_world: type[FlatWorld], market_drawn: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("RESEEN_DATA", str(market_drawn if place == "market" else cache / "missing"))
    assert resolve(rendered_recipe(render=RENDER)).data.root == cache / make_config(RENDER).digest


def test_extra_sources_are_found_too(flat_world: type[FlatWorld], cache: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    extra = [
        {"name": "rendered", "render": RENDER},
        {"name": "viper"},
        {"name": "cuhk01", "root": str(tmp_path / "own")},
    ]
    recipe = rendered_recipe(name="market1501", extra=extra)
    resolved = resolve(recipe, data=tmp_path)
    places = [cache / make_config(RENDER).digest, tmp_path, tmp_path / "own"]
    assert [source.root for source in resolved.data.extra] == places
    assert resolved.data.root == tmp_path
    with pytest.raises(ReseenError, match="recipe r needs viper: give --data DIR"):
        resolve(rendered_recipe(render=RENDER, extra=[{"name": "viper"}]))


def test_a_phases_own_data_and_every_part_are_found_too(
    flat_world: type[FlatWorld], cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "pose.safetensors").touch()
    content = content_of(make(None)) | {"init": {"backbone": "hub", "head": str(tmp_path / "pose.safetensors")}}
    content["phases"] = [content["phases"][0] | {"data": {"name": "rendered", "render": RENDER}}, content["phases"][0]]
    resolved = resolve(recipe_from(content, "test"), data=tmp_path)
    assert resolved.phases[0].data is not None
    assert resolved.phases[0].data.root == cache / make_config(RENDER).digest
    assert (resolved.data.root, resolved.phases[1].data) == (tmp_path, None)
    assert resolved.init == {"backbone": "hub", "head": str(tmp_path / "pose.safetensors")}


def test_rendered_persons_are_called_so_whatever_the_recipe_calls_them(
    flat_world: type[FlatWorld], market_drawn: Path, tmp_path: Path
) -> None:
    """Else a checkpoint says that it knows Market-1501, and not that it knows them."""
    render(tmp_path / "pedestrians", make_config(RENDER))
    content = content_of(make(None))
    content["data"]["extra"] = [{"name": "market1501", "root": str(tmp_path / "pedestrians")}]
    beside = resolve(recipe_from(content, "test"), data=market_drawn)
    assert beside.trained_on == ("market1501", "rendered")
    alone = resolve(make(None), data=tmp_path / "pedestrians")
    assert alone.trained_on == ("rendered",)
    assert alone.data.render == make_config(RENDER)
    assert resolve(alone) == alone, "a run that is resumed finds its own recipe"
