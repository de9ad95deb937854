"""The system of a phase: what it needs of the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from reseen.checkpoint_files import BOX
from reseen.data.attributes import AttributeSchema, binary
from reseen.data.person import PersonImage, Split
from reseen.errors import ReseenError
from reseen.losses.objective import ObjectiveConfig
from reseen.losses.term import Training
from reseen.models.parts.reduction import AttributeClassifier
from reseen.pose.network import load_pose_net
from reseen.training.recipe import Recipe, recipe_from
from reseen.training.recipe.locate import resolve
from reseen.training.system import begin_classifiers, build_system, check_phases

ONE, *OTHERS = (PersonImage(b"", pid, 1) for pid in (1, 2, 3, 4))
PERSONS = Split("own", tuple(OTHERS), (ONE,), (ONE,))

PHASE = {"epochs": 1, "objective": {"terms": [{"kind": "identity"}]}}
BASELINE = {"system": "ide", "backbone": "resnet10t"}
SMALL = {"system": "ide", "backbone": "test_resnet", "dim": 8}
CONTENT = {"name": "x", "data": {"name": "table", "size": [64, 32]}, "phases": [PHASE]}


def recipe_of(**model: object) -> Recipe:
    return recipe_from(CONTENT | {"model": BASELINE | model}, "test")


@pytest.mark.parametrize("model", [{"system": "aanet", "attention": []}, {"system": "iva"}], ids=["aanet", "iva"])
def test_attributes_are_needed_only_by_what_learns_them(model: dict[str, object]) -> None:
    with pytest.raises(ReseenError, match="learns attributes, but own has none here"):
        build_system(recipe_of(**model), 0, PERSONS, None, load=True)
    recipe = recipe_of(**model, attribute=False)
    check_phases(recipe, PERSONS)
    built = build_system(recipe, 0, PERSONS, None, load=True)
    assert built.config.num_identities == 3


def test_the_pose_network_in_the_package_is_built_in_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = {"system": "lrdnn", "backbone": "test_resnet", "dim": 200, "attribute": False}
    recipe = recipe_from(CONTENT | {"model": model, "init": {"pose": "pose-net"}}, "test")
    recipe = resolve(recipe, data=tmp_path)
    assert recipe.init == {"pose": str(BOX / "pose-net")}
    built, boxed = build_system(recipe, 0, PERSONS, None, load=True), load_pose_net(Path("pose-net"))
    assert built.config.pose == boxed.config
    for name, value in boxed.state_dict().items():
        torch.testing.assert_close(built.pose.state_dict()[name], value, atol=0, rtol=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model": {"system": "acrn", "dim": 8}, "compile": True},
            "compile names 'backbone', but the system has no such part",
        ),
        ({"distance": {"kind": "kissme", "features": ["attributes"]}}, "distance: there is no feature 'attributes'"),
        ({"distance": {"kind": "kissme", "components": 9}}, "distance: 9 components .* 8 numbers: set it to fewer"),
        (
            {"distance": {"kind": "sum", "terms": [{"kind": "euclidean", "features": ["attributes"]}]}},
            "distance: there is no feature 'attributes'; there are: global",
        ),
        ({"distance": {"kind": "kissme"}}, "distance: KISSME: no person is seen by two cameras"),
        ({"phases": [], "init": {"bakbone": "hub"}}, "init names 'bakbone', but the system has no such part"),
        (
            {"phases": [], "model": {"system": "acrn", "reid_net": False}, "init": {"reid_net": "runs/a/last"}},
            "nothing is left of acrn: name an mva in init.attribute_net, or set reid_net: true",
        ),
    ],
)
def test_what_the_system_has_not_is_told_before_anything_is_trained(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        check_phases(recipe_from(CONTENT | {"model": SMALL} | changes, "test"), PERSONS)


def test_what_could_not_be_evaluated_is_not_trained() -> None:
    """A data set without queries, as PETA is, wants a system that tells attributes."""
    with pytest.raises(ReseenError, match="own has no queries here, and no attributes that ide tells"):
        check_phases(recipe_from(CONTENT | {"model": SMALL}, "test"), replace(PERSONS, query=()))


def test_nobody_is_ranked_again_without_queries() -> None:
    schema = AttributeSchema("own", (binary("hat"),))
    content = CONTENT | {"model": {"system": "mva", "backbone": "test_resnet"}, "evaluation": {"reranking": True}}
    content["phases"] = [{"epochs": 1, "objective": {"terms": [{"kind": "attribute"}]}}]
    with pytest.raises(ReseenError, match=r"evaluation\.reranking: own has no queries; take it out"):
        check_phases(recipe_from(content, "test"), replace(PERSONS, query=(), schema=schema))


@pytest.mark.parametrize(("balanced", "share"), [(False, 0.25), (True, 0.5)])
def test_new_classifiers_know_how_often_a_class_is_seen(balanced: bool, share: float) -> None:
    schema = AttributeSchema("own", (binary("hat"),))
    system = torch.nn.Sequential(torch.nn.Linear(4, 4), AttributeClassifier(4, schema))
    terms = [{"kind": "identity"}, {"kind": "attribute", "balanced": balanced}]
    labels = torch.tensor([[1], [0], [-1], [0], [0]])
    begin_classifiers(system, ObjectiveConfig.model_validate({"terms": terms}), Training(schema, labels))
    assert system[1].linear.bias.sigmoid().item() == pytest.approx(share)
    begin_classifiers(system, ObjectiveConfig.model_validate({"terms": terms[:1]}), Training(schema, 1 - labels))
    assert system[1].linear.bias.sigmoid().item() == pytest.approx(share)
