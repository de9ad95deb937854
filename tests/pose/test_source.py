"""Every source answers in pixels of the images themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen import checkpoint_files
from reseen.data import open_split
from reseen.data.annotations.joints_file import place_of, write_joints
from reseen.data.person import Split
from reseen.errors import ReseenError
from reseen.pose.coco import COCO17
from reseen.pose.maps import PoseMaps
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net
from reseen.pose.source import NetworkJoints, OwnJoints, open_source
from reseen.pose.targets import pose_targets


@pytest.fixture
def drawn(market_drawn: Path) -> Split:
    return open_split("market1501", market_drawn)


class Told:
    """A network that finds joint j at a place it is told, in pixels of its input, whatever it sees."""

    name = "told"

    def __init__(self, places: torch.Tensor) -> None:
        self.persons = torch.cat([places, torch.ones(18, 1)], 1)

    def maps(self, pictures: torch.Tensor) -> PoseMaps:
        self.seen = pictures
        size = (pictures.shape[2], pictures.shape[3])
        return pose_targets(self.persons.expand(len(pictures), 1, -1, -1), size)


def test_own_joints_are_the_images(drawn: Split) -> None:
    points = np.arange(54, dtype=np.float32).reshape(18, 3)
    image = replace(drawn.train[0], keypoints=points)
    np.testing.assert_array_equal(OwnJoints().joints([image]), points[None])
    with pytest.raises(ReseenError, match="has no joints of its own"):
        open_source("own", drawn).joints([image, drawn.train[1]])


def test_a_networks_joints_are_measured_in_the_picture_itself(drawn: Split) -> None:
    """Pictures of 128 by 64 are seen at 192 by 96 with 48 and 24 pixels around them."""
    truth = torch.stack([torch.linspace(10, 52, 18), torch.linspace(8, 120, 18)], 1)
    network = Told((truth + 0.5) * 1.5 - 0.5 + torch.tensor([24, 48]))
    found = NetworkJoints(network).joints(drawn.query[:2])
    assert found.shape == (2, 18, 3)
    assert network.seen.shape == (2, 3, 288, 144)
    assert np.abs(found[0, :, :2] - truth.numpy()).max() < 1
    assert float(network.seen[0, 0, 0, 0]) == 0.5
    inside = network.seen[:, :, 48:-48, 24:-24]
    assert inside.std() > 0.05


def test_a_file_of_joints_is_a_source(drawn: Split, tmp_path: Path) -> None:
    images = [image for part in drawn.parts().values() for image in part]
    joints = {place_of(image): np.full((18, 3), row, np.float32) for row, image in enumerate(images)}
    write_joints(tmp_path / "j.parquet", joints)
    source = open_source(str(tmp_path / "j.parquet"), drawn)
    assert source.joints(images[3:5])[:, 0, 0].tolist() == [3, 4]
    write_joints(tmp_path / "few.parquet", dict(list(joints.items())[:5]))
    with pytest.raises(ReseenError, match="has no joints of"):
        open_source(str(tmp_path / "few.parquet"), drawn)


def test_coco_keypoints_are_a_source(drawn: Split, tmp_path: Path) -> None:
    images = [image for part in drawn.parts().values() for image in part]
    content = {
        "images": [
            {"id": row, "file_name": Path(place_of(image)).name, "height": 128, "width": 64}
            for row, image in enumerate(images)
        ],
        "annotations": [
            {"image_id": row, "bbox": [0, 0, 9, 9], "keypoints": [row, 1, 2] * len(COCO17), "segmentation": []}
            for row in range(len(images))
        ],
    }
    (tmp_path / "k.json").write_text(json.dumps(content))
    points = open_source(str(tmp_path / "k.json"), drawn).joints(images[2:4])
    assert points[:, 0].tolist() == [[1.5, 0.5, 1], [2.5, 0.5, 1]]


def test_our_own_network_is_a_source(drawn: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pose_net(tmp_path / "pose", PoseNet(PoseNetConfig(width=0.125, size=(64, 32), margin=0)))
    source = open_source(str(tmp_path / "pose"), drawn)
    assert source.joints(drawn.query[:1]).shape == (1, 18, 3)
    assert source.name.startswith("PoseNet ")
    assert source.name.endswith(" 64x32+0")
    with monkeypatch.context() as patched:
        patched.chdir(tmp_path)
        patched.setattr(checkpoint_files, "BOX", tmp_path / "box")
        save_pose_net(tmp_path / "box" / "pose-net", PoseNet(PoseNetConfig(width=0.125, size=(32, 32))))
        assert open_source("pose-net", drawn).name.endswith(" 32x32+0")


def test_what_is_no_source_is_told(drawn: Split, tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    for wanted in ("nope", str(tmp_path / "x.txt")):
        with pytest.raises(ReseenError, match=r"pose source.*give own, a file of joints"):
            open_source(wanted, drawn)
