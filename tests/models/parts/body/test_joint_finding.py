"""Joints found by a network within a system."""

from __future__ import annotations

import torch

from reseen.data.batch import PersonBatch
from reseen.data.images.transforms import normalize, to_float
from reseen.data.skeleton import COCO18
from reseen.models.parts.body.joint_finding import FrozenPoseNet, find_joints, joints_of
from reseen.pose.maps import PoseMaps
from reseen.pose.network import PoseNetConfig
from reseen.pose.source import NetworkJoints
from reseen.precision import runs_bfloat16

CONFIG = PoseNetConfig(width=0.05, streams=1, size=(64, 32), margin=0.25)


class Pointing(FrozenPoseNet):
    """Sees the nose in row 5, column 2 of a map of 12×6 cells, two rows and one column of which are margin."""

    def forward(self, images: torch.Tensor) -> list[PoseMaps]:
        assert images.shape[1:] == (3, 96, 48)
        confidence = torch.zeros(len(images), 19, 12, 6)
        confidence[:, COCO18.joints.index("nose"), 5, 2] = 0.9
        return [PoseMaps(confidence, torch.zeros(len(images), 38, 12, 6))]


def test_joints_lie_in_the_pictures_own_pixels() -> None:
    """Cell (5, 2) is about pixel (43.5, 19.5), without margin (27.5, 11.5) of 64×32: (55.5, 23.5) of 128×64."""
    found = find_joints(Pointing(CONFIG), torch.zeros(2, 3, 128, 64))
    assert found.shape == (2, 18, 3)
    torch.testing.assert_close(found[1, COCO18.joints.index("nose")], torch.tensor([23.5, 55.5, 0.9]))
    assert not found[:, 1:, 2].any()


def test_the_same_joints_as_the_source_of_joints_finds() -> None:
    torch.manual_seed(0)
    network = FrozenPoseNet(CONFIG)
    pixels = torch.randint(0, 256, (2, 64, 32, 3), dtype=torch.uint8)
    expected = NetworkJoints(network, size=CONFIG.size, margin=CONFIG.margin).find(pixels)
    with torch.autocast("cpu", torch.bfloat16, enabled=runs_bfloat16(torch.device("cpu"))):
        found = find_joints(network, normalize(to_float(pixels, CONFIG.size)))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_only_pictures_without_any_joint_are_looked_at() -> None:
    known = torch.rand(3, 18, 3) + 0.1
    known[1, :, 2] = 0
    batch = PersonBatch(torch.zeros(3, 3, 64, 32), keypoints=known)
    joints = joints_of(batch, Pointing(CONFIG))
    torch.testing.assert_close(joints[[0, 2]], known[[0, 2]])
    assert joints[1, 0, 2] == 0.9
    assert not known[1, :, 2].any()  # the batch is left as it was
    assert joints_of(batch, None) is known
    assert joints_of(PersonBatch(batch.images), Pointing(CONFIG))[:, 0, 2].tolist() == [torch.tensor(0.9).item()] * 3
    nothing = joints_of(PersonBatch(batch.images), None)
    assert nothing.shape == (3, 18, 3)
    assert not nothing.any()


def test_is_never_trained() -> None:
    network = FrozenPoseNet(CONFIG).train()
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())
