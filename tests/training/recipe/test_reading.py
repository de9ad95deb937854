"""Recipes: all of ours are valid, mistakes are named, a base is a base."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.training.recipe import dump_recipe, load_recipe
from reseen.training.recipe_files import recipe_files

SMALL = """
name: small
data: {name: market1501, size: [64, 32]}
model: {system: ide, backbone: resnet18}
phases:
  - {epochs: 2, objective: {terms: [{kind: identity}]}, optimizer: {name: adam, lr: 1e-3}}
  - {epochs: 1, objective: {terms: [{kind: identity}]}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize("path", recipe_files().values(), ids=lambda path: path.stem)
def test_every_recipe_is_valid_and_lies_where_it_belongs(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert path.parent.name in (recipe.model.system, "recipes")
    assert path.read_text().startswith("# ")


def test_ours_are_found_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_recipe("demo").name == "demo"
    with pytest.raises(ReseenError, match="there is no recipe 'demoo'; near: demo"):
        load_recipe("demoo")


def test_trials_after_rendered_persons_change_one_thing_each() -> None:
    before, heads, moments = (
        load_recipe(f"aanet50-market1501-quick-rendered{name}") for name in ("", "-heads", "-moments")
    )
    alike = {"name": before.name}
    kept = {"optimizer": before.phases[1].optimizer.model_copy(update={"keep_state": True})}
    assert moments.model_copy(update=alike) == before.model_copy(
        update={"phases": (before.phases[0], before.phases[1].model_copy(update=kept))}
    )
    rates = {"lr": 3.5e-3, "lr_of": {"backbone": 3.5e-4}}
    faster = [
        phase.model_copy(update={"optimizer": phase.optimizer.model_copy(update=rates)}) for phase in before.phases
    ]
    assert heads.model_copy(update=alike) == before.model_copy(update={"phases": tuple(faster)})


def test_models_in_the_box_are_one_network_and_decode_at_the_size_they_see() -> None:
    rendered, market = load_recipe("small-rendered"), load_recipe("small-market1501")
    assert rendered.model.model_copy(update={"identity": True, "freeze_stages": 0}) == market.model
    for recipe in (rendered, market):
        assert recipe.data.size == (256, 128)
        assert [recipe.data_of(number).size for number in (0, 1)] == [(128, 64), (256, 128)]
        assert not any(phase.size for phase in recipe.phases)
        # The same pictures, so that the teacher is asked once.
        assert recipe.data_of(0).model_copy(update={"size": (256, 128)}) == recipe.data_of(1)
    assert rendered.data_of(0).render != rendered.data.render
    assert market.data.validation is not None


def test_exponents_without_a_point_are_numbers(small: Path) -> None:
    assert load_recipe(small).phases[0].optimizer.lr == 0.001


def test_overrides_reach_every_depth(small: Path) -> None:
    recipe = load_recipe(small, ["seed=7", "phases.1.epochs=9", "data.options.keypoints=true", "model.neck=bnneck"])
    assert (recipe.seed, recipe.phases[1].epochs, recipe.data.options["keypoints"]) == (7, 9, True)
    assert recipe.model.neck == "bnneck"


def test_what_is_written_reads_back_equal(small: Path, tmp_path: Path) -> None:
    recipe = load_recipe(small)
    (tmp_path / "again.yaml").write_text(dump_recipe(recipe))
    assert load_recipe(tmp_path / "again.yaml") == recipe


def test_base_is_changed_by_key_and_phase(small: Path) -> None:
    child = small.with_name("child.yaml")
    child.write_text("base: small.yaml\nname: child\nphases:\n  - {optimizer: {lr: 0.5}}\n")
    recipe = load_recipe(child)
    assert recipe.name == "child"
    assert len(recipe.phases) == 1
    assert (recipe.phases[0].epochs, recipe.phases[0].optimizer.name, recipe.phases[0].optimizer.lr) == (2, "adam", 0.5)


def test_bases_in_a_circle_are_an_error(small: Path) -> None:
    small.write_text("base: other.yaml\n")
    small.with_name("other.yaml").write_text("base: small.yaml\n")
    with pytest.raises(ReseenError, match="leads back to itself"):
        load_recipe(small)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("phases.0.epoch=3", r"unknown key 'phases\.0\.epoch', did you mean 'epochs'"),
        ("evaluation.rerank=true", r"did you mean 'reranking'"),
        ("model.bakbone=resnet50", r"unknown key 'model\.bakbone', did you mean 'backbone'"),
        ("optimizer.lr=1", r"unknown key 'optimizer', it belongs in phases\.0\.optimizer"),
        ("model.system=aanett", r"model: .*'aanett'"),
        ("phases=[{epoch: 3}]", r"unknown key 'phases\.0\.epoch', did you mean 'epochs'"),
        ("phases.0.epochs=0", r"phases\.0\.epochs: .*greater than or equal to 1"),
        ("phases.5.epochs=1", r"the recipe has no place 'phases\.5\.epochs'"),
        ("distance={kind: kissme, componnets: 3}", r"key 'distance\.componnets', did you mean 'components'"),
        ("phases=[]", r"a recipe without phases needs init"),
        (
            "phases.1.objective.terms=[{kind: triplet}]",
            r"phases\.1: objective term 'triplet' .* sampler kind random .*: set it to identities or triplets",
        ),
        (
            "phases.1={epochs: 1, sampler: {kind: identities}, objective: {terms: [{kind: attribute_triplet}]}}",
            r"phases\.1: objective term 'triplet' .* sampler kind identities .*: set it to triplets",
        ),
        (
            "model={system: acrn, attribute_net: {model: {system: mva}, size: [64, 32]}}",
            r"model\.attribute_net follows from what init\.attribute_net names; take it out of the recipe",
        ),
        (
            "phases=[{epochs: 1, objective: {terms: [{kind: identity}]}, data: {name: market1501, validation: {}}}]",
            r"phases\.0\.data has the recipe's data set with other persons held back",
        ),
        ("seed", r"write key=value"),
        ("data.render.persons=9", r"data: render goes with name: rendered, not market1501"),
        (
            "data={name: rendered, render: {person: 9}}",
            r"key 'data\.render\.person', did you mean 'persons'",
        ),
        ("data={name: rendered, render: 5}", r"data\.render: .* valid dictionary"),
        ("data={name: rendered, render: {cameras: 1}}", r"data\.render: a test part needs cameras to be 2 or more"),
        (
            "data.extra=[{name: viper, optoins: {}}]",
            r"key 'data\.extra\.0\.optoins', did you mean 'options'",
        ),
    ],
)
def test_mistakes_are_named_in_one_line(small: Path, override: str, message: str) -> None:
    with pytest.raises(ReseenError, match=message) as error:
        load_recipe(small, [override])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("text", "message"), [("a: [", "is not YAML"), ("", "holds no keys")])
def test_files_that_are_no_recipes(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ReseenError, match=message):
        load_recipe(path)
    with pytest.raises(ReseenError, match="cannot read recipe"):
        load_recipe(tmp_path / "missing.yaml")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("name=../../x", "name: String should match pattern"),
        ("phases.0.name=a/b", r"phases\.0\.name: String should match pattern"),
        ("phases.0.optimizer.lr=.inf", r"phases\.0\.optimizer\.lr: Input should be a finite number"),
        ("phases.0.schedule={name: step, milestones: [20, 10]}", "milestones are epochs in rising order"),
        ("seed=-1", "seed: Input should be greater than or equal to 0"),
        ("model.backbone=resnet5", "no model 'resnet5'; near: resnet"),
        ("model.dim=10000000000", "dim: Input should be less than or equal to 65536"),
        ("data.name=market", "unknown data set 'market', did you mean 'market1501'"),
        ("data.options.fold=3", "market1501 has no option 'fold'; its options: distractors"),
        ("seed=[1", "the value is not YAML"),
        ("seed=!!python/object/apply:os.getcwd []", "the value is not YAML"),
    ],
)
def test_values_that_cannot_be_are_told_before_anything_is_read(small: Path, override: str, says: str) -> None:
    with pytest.raises(ReseenError, match=says) as error:
        load_recipe(small, [override])
    assert "\n" not in str(error.value)


def test_all_that_is_wrong_is_told_at_once(small: Path) -> None:
    with pytest.raises(ReseenError) as error:
        load_recipe(small, ["seed=-1", "phases.0.optimizer.lr=-1", "phases.1.epoch=3"])
    assert all(
        each in str(error.value) for each in ("seed: ", "phases.0.optimizer.lr: ", "unknown key 'phases.1.epoch'")
    )


def test_an_alias_within_what_it_names_is_told(tmp_path: Path) -> None:
    path = tmp_path / "round.yaml"
    path.write_text("name: round\nphases: &phases [*phases]\n")
    with pytest.raises(ReseenError, match=r"round\.yaml: an alias stands within what it names"):
        load_recipe(path)


def test_one_place_of_an_anchor_is_changed_alone() -> None:
    phases = load_recipe("lrdnn50-market1501-short", ["phases.1.optimizer.lr=1.0e-5"]).phases
    assert [phase.optimizer.lr for phase in phases] == [3.5e-4, 1e-5, 3.5e-4]
    phases = load_recipe("lrdnn50-market1501-short", ["phases.0.optimizer.lr_of={head: 1.0e-4}"]).phases
    assert [phase.optimizer.lr_of for phase in phases[:2]] == [{"head": 1e-4}, {}]
