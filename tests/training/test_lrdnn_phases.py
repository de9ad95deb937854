"""LRDNN's three phases from recipe to checkpoint: what goes on, what begins anew, and what stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import reseen
from reseen.data import open_split
from reseen.errors import ReseenError
from reseen.explain.explanation import explain
from reseen.losses.attributes import class_shares
from reseen.models.embedder import as_person_image
from reseen.models.lrdnn import LocalRefiningNet
from reseen.models.parts.reduction import AttributeClassifier
from reseen.pose.maps import channel_names
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net
from reseen.training.recipe import Recipe, recipe_from
from tests.training.test_fit import fit, weights_of

IDENTITY = {"terms": [{"kind": "identity"}]}
BOTH = {"terms": [{"kind": "identity"}, {"kind": "attribute", "weight": 12}]}


def recipe(root: Path, init: dict[str, str]) -> Recipe:
    phase = {"epochs": 1, "sampler": {"kind": "random", "batch_size": 16}, "optimizer": {"name": "adam", "lr": 1e-3}}
    content: dict[str, Any] = {
        "name": "tiny",
        "data": {"name": "market1501", "root": str(root), "size": [64, 32]},
        "model": {"system": "lrdnn", "backbone": "test_resnet", "dim": 200},
        "init": init,
        "precision": "32-true",
        "evaluation": {"flip": False},
        "phases": [
            phase | {"name": "identity", "model": {"attribute": False, "pose_maps": []}, "objective": IDENTITY},
            phase | {"name": "attributes", "model": {"pose_maps": []}, "objective": BOTH},
            phase | {"name": "pose", "frozen": ["pose"], "objective": BOTH},
        ],
    }
    return recipe_from(content, "test")


@pytest.fixture(scope="module")
def pose_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pose") / "pose-net"
    torch.manual_seed(7)
    save_pose_net(folder, PoseNet(PoseNetConfig(width=0.05, streams=1, size=(64, 32))))
    return folder


@pytest.fixture(scope="module")
def trained(pose_net: Path, market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lrdnn") / "run"
    fit(recipe(market_drawn, {"pose": str(pose_net)}), folder)
    return folder


def test_each_phase_adds_its_part(trained: Path) -> None:
    lines = [line.partition("new in phase ")[2] for line in (trained / "log.txt").read_text().splitlines()]
    attributes, pose = (line.partition(": ") for line in lines if line)
    assert attributes[0] == "attributes"
    assert {name.partition(".")[0] for name in attributes[2].split(", ")} == {"attribute_classifier"}
    assert pose[0] == "pose"
    begun = {name.partition(".")[0] for name in pose[2].split(", ")}
    assert begun == {"pose", "fusion", "head", "attribute_classifier"}  # the main branch goes on
    assert "attribute_classifier.linear.bias" in pose[2].split(", ")  # although it is as long as before
    header, *epochs = (line.split(",") for line in (trained / "metrics.csv").read_text().splitlines())
    learnt = [bool(dict(zip(header, epoch, strict=True))["attribute"]) for epoch in epochs]
    assert learnt == [False, True, True]


def test_attributes_begin_with_how_often_a_class_is_seen(trained: Path, market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    assert split.schema is not None
    shares = class_shares(
        torch.from_numpy(split.schema.encode([image.attributes for image in split.train])), split.schema
    )
    bias = weights_of(trained)["attribute_classifier.linear.bias"]
    begun = AttributeClassifier(200, split.schema, sigmoid=False)
    begun.begin_with(shares)
    steps = -(-len(split.train) // 16)
    assert begun.linear.bias.abs().max() > 10 * steps * 1e-3  # farther than Adam gets in an epoch
    torch.testing.assert_close(bias, begun.linear.bias.detach(), atol=1.1 * steps * 1e-3, rtol=0)


def test_pose_branch_stays_as_it_was_trained(trained: Path, pose_net: Path) -> None:
    after = weights_of(trained)
    before = load_file(pose_net / "model.safetensors")
    assert all(torch.equal(value, after[f"pose.{name}"]) for name, value in before.items())
    assert after["fusion.norm_pose.weight"].sub(0.5).abs().max() > 0  # while what weighs it has learnt


def test_channels_are_drawn_with_the_explanation(trained: Path, market_drawn: Path) -> None:
    embedder = reseen.load(trained / "last")
    assert isinstance(embedder.model, LocalRefiningNet)
    picture = as_person_image(sorted((market_drawn / "query").glob("*.jpg"))[0])
    figure = explain(embedder, picture).weights
    assert figure is not None
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == "weights in this picture"
    told = {name.replace("_", " ") for name in channel_names()}
    assert {label.get_text() for label in axes.get_yticklabels()} <= told
    highest = max(float(value[0]) for value in embedder.describe(picture).weights.values())
    assert axes.patches[0].get_width() == pytest.approx(highest)


def test_a_missing_pose_network_is_named_before_anything_is_trained(market_drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"set init\.pose=pose-net, .*, or pose_maps=\[\]"):
        fit(recipe(market_drawn, {}), tmp_path / "run")
    assert not (tmp_path / "run").exists()
