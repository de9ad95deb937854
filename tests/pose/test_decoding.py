"""Joints come out of maps where they went in, and belong to one person."""

from __future__ import annotations

import torch

from reseen.data.skeleton import COCO18
from reseen.pose.decoding import decode
from reseen.pose.maps import PoseMaps
from reseen.pose.targets import pose_targets
from tests.pose.figures import batch, person

SIZE = (256, 128)


def enlarged(*persons: torch.Tensor) -> torch.Tensor:
    """Returns persons (B, 18, 3) of a picture twice as large."""
    points = batch(*persons)
    points[..., :2] *= 2
    return points


def test_targets_are_decoded_to_the_joints_they_were_made_of() -> None:
    shifted = person()
    shifted[:, :2] += 2.3
    truth = enlarged(person(), shifted)
    found = decode(pose_targets(truth[:, None], SIZE))
    # Eyes and ears are closer than a cell of 8 pixels.
    assert (found[..., :2] - truth[..., :2]).abs().max() < 2
    assert (found[..., 2] > 0.7).all()


def test_a_joint_that_is_not_there_has_neither_place_nor_confidence() -> None:
    found = decode(pose_targets(enlarged(person(left_ankle=(0, 0, 0)))[:, None], SIZE))
    assert (found[0, COCO18.joints.index("left_ankle")] == 0).all()
    assert (found[0, :, 2] > 0.7).sum() == 17


def test_the_other_persons_limb_is_not_taken_though_its_peak_is_higher() -> None:
    """A passer-by's ankle stands out, but no leg leads to it."""
    own, other = enlarged(person())[:, None], torch.zeros(1, 1, 18, 3)
    ankle = COCO18.joints.index("right_ankle")
    other[0, 0, ankle] = torch.tensor([116, 220, 1])
    maps = pose_targets(own, SIZE)
    with_other = pose_targets(torch.cat([own, other], 1), SIZE)
    confidence = with_other.confidence.clone()
    confidence[:, ankle] = with_other.confidence[:, ankle] - 0.3 * maps.confidence[:, ankle]
    found = decode(PoseMaps(confidence, maps.affinity))[0, ankle]
    assert (found[:2] - own[0, 0, ankle, :2]).abs().max() < 2
    without_limbs = decode(PoseMaps(confidence, torch.zeros_like(maps.affinity)))[0, ankle]
    assert (without_limbs[:2] - other[0, 0, ankle, :2]).abs().max() < 2
