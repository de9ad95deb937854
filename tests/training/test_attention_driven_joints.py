"""The attention-driven net from recipe to figures: whose joints it goes by, what it keeps, its parts one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from reseen.data import open_split
from reseen.data.annotations.joints_file import place_of, write_joints
from reseen.errors import ReseenError
from reseen.pose.canonical import CanonicalPoses, default_poses
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net
from reseen.training.recipe import Recipe, recipe_from
from tests.cli.calls import run
from tests.pose.figures import person
from tests.training.test_fit import fit, weights_of

SMALL = {"whole_size": [64, 32], "part_size": [32, 32], "width": 8, "dim": 16, "part_dim": 8}
OBJECTIVE = {
    "terms": [{"kind": "identity", "heads": ["intra"], "weight": 0.1}, {"kind": "identity", "heads": ["inter"]}]
}


def recipe(root: Path, init: dict[str, str], **data: Any) -> Recipe:
    phase = {"epochs": 1, "sampler": {"kind": "random", "batch_size": 16}, "objective": OBJECTIVE}
    content: dict[str, Any] = {
        "name": "tiny",
        "data": {"name": "market1501", "root": str(root), "size": [64, 32]} | data,
        "model": {"system": "attention_driven"} | SMALL,
        "init": init,
        "precision": "32-true",
        "evaluation": {"flip": False},
        "phases": [phase | {"optimizer": {"name": "adam", "lr": 1e-3}}],
    }
    return recipe_from(content, "test")


@pytest.fixture(scope="module")
def parts(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with joints of all images, canonical poses of their own, and a pose network."""
    folder = tmp_path_factory.mktemp("parts")
    split = open_split("market1501", market_drawn)
    write_joints(folder / "j.parquet", {place_of(image): person() for own in split.parts().values() for image in own})
    CanonicalPoses(default_poses().centres * 1.5).save(folder / "poses.json")
    torch.manual_seed(7)
    save_pose_net(folder / "pose-net", PoseNet(PoseNetConfig(width=0.05, streams=1, size=(64, 32))))
    return folder


@pytest.fixture(scope="module")
def trained(parts: Path, market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attention") / "run"
    init = {"pose": str(parts / "pose-net"), "boxes": str(parts / "poses.json")}
    fit(recipe(market_drawn, init, joints=str(parts / "j.parquet")), folder)
    return folder


@pytest.mark.long
def test_pose_network_and_canonical_poses_are_kept_as_they_are(trained: Path, parts: Path) -> None:
    after = weights_of(trained)
    before = load_file(parts / "pose-net" / "model.safetensors")
    assert all(torch.equal(value, after[f"pose.{name}"]) for name, value in before.items())
    torch.testing.assert_close(after["boxes.centres"], default_poses().centres * 1.5, atol=1e-4, rtol=0)


@pytest.mark.long
def test_each_part_is_evaluated_alone_by_joints_of_a_file(trained: Path, parts: Path, market_drawn: Path) -> None:
    """Table 7; the whole descriptor is as good as after training, which had the same joints."""
    call = ("evaluate", trained / "last", "--data", market_drawn, "--joints", parts / "j.parquet", "--device", "cpu")
    whole, head = run(*call), run(*call, "--feature", "part/head")
    assert head.exit_code == 0, head.output
    figure = f"{100 * json.loads((trained / 'report.json').read_text())['mAP']:.2f}"
    assert figure in whole.stdout
    assert figure not in head.stdout


def test_without_joints_or_a_network_that_finds_them_nothing_is_trained(market_drawn: Path, tmp_path: Path) -> None:
    """Every picture would get strips."""
    with pytest.raises(ReseenError, match=r"goes by joints, but market1501 has none here: name a file of them in data"):
        fit(recipe(market_drawn, {}), tmp_path / "run")
    assert not (tmp_path / "run").exists()
