"""Crops of the body by its joints."""

from __future__ import annotations

import pytest
import torch

from reseen.data.images.keypoints import mirror
from reseen.errors import ReseenError
from reseen.models.parts.body.crops import BodyBoxes, body_crops, strips
from reseen.pose.canonical import CanonicalPoses, default_poses
from reseen.pose.regions import REGIONS, region_boxes


def standing(count: int, size: tuple[int, int]) -> torch.Tensor:
    """Returns the joints of persons who stand in the middle of pictures."""
    poses = default_poses().centres[:count] * size[0] * 0.2
    places = poses + torch.tensor([size[1] / 2, size[0] / 2])
    return torch.cat([places, torch.ones(count, 18, 1)], -1)


def test_canonical_poses_supply_what_is_missing() -> None:
    keypoints = standing(2, (96, 48))
    boxes = BodyBoxes(0.1)(keypoints, (96, 48))
    torch.testing.assert_close(boxes, region_boxes(keypoints, (96, 48), beta=0.1))
    without_face = keypoints.clone()
    without_face[:, [0, 14, 15, 16, 17], 2] = 0  # Market-1501's published joints have none
    near = BodyBoxes(0.1)(without_face, (96, 48))
    torch.testing.assert_close(near, boxes, atol=2.0, rtol=0)
    assert not torch.equal(near, strips(torch.zeros(2, 3, 96, 48)))


def test_nobody_known_gets_strips() -> None:
    nothing = torch.zeros(2, 18, 3)
    torch.testing.assert_close(BodyBoxes(0.1)(nothing, (96, 48)), strips(torch.zeros(2, 3, 96, 48)))


def test_a_mirror_image_has_mirrored_boxes() -> None:
    keypoints = standing(3, (96, 48))
    boxes, mirrored = (BodyBoxes(0.1)(each, (96, 48)) for each in (keypoints, mirror(keypoints, 48)))
    torch.testing.assert_close(mirrored[..., [1, 3]], boxes[..., [1, 3]])
    torch.testing.assert_close(mirrored[..., 0], 47 - boxes[..., 2])


def test_one_crop_of_each_region() -> None:
    images = torch.rand(2, 3, 96, 48)
    crops = body_crops(images, strips(images), whole=(96, 48), part=(24, 48))
    assert tuple(crops) == REGIONS
    assert {name: tuple(crop.shape) for name, crop in crops.items()} == {
        name: (2, 3, 96 if name == "whole" else 24, 48) for name in REGIONS
    }
    torch.testing.assert_close(crops["whole"], images)
    torch.testing.assert_close(crops["head"], images[:, :, :24])  # the upper quarter


def test_canonical_poses_are_stored_and_never_trained() -> None:
    boxes = BodyBoxes(0.1)
    assert boxes.state_dict()["centres"].shape == (16, 18, 2)
    assert not list(boxes.parameters())


def test_a_data_sets_own_poses_take_the_place_of_those_that_come_with_the_package() -> None:
    boxes = BodyBoxes(0.1)
    own = CanonicalPoses(default_poses().centres.flip(0) * 1.5)
    boxes.take(own)
    assert torch.equal(boxes.state_dict()["centres"], own.centres)
    with pytest.raises(ReseenError, match="3 canonical poses, not 16"):
        boxes.take(CanonicalPoses(own.centres[:3]))
