"""The skeleton of all keypoints."""

from __future__ import annotations

import numpy as np

from reseen.data.skeleton import COCO18


def test_coco18_is_in_openpose_order() -> None:
    assert len(COCO18) == 18
    assert (COCO18.joints[0], COCO18.joints[4], COCO18.joints[10]) == ("nose", "right_wrist", "right_ankle")
    assert COCO18.joints[-4:] == ("right_eye", "left_eye", "right_ear", "left_ear")


def test_mirrored_swaps_arms_legs_eyes_and_ears() -> None:
    assert COCO18.mirrored == (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)


def test_limbs_reach_every_joint_once_from_the_neck() -> None:
    assert sorted(end for _, end in COCO18.limbs) == [joint for joint in range(18) if COCO18.joints[joint] != "neck"]


def test_arrange_finds_joints_by_name() -> None:
    points = np.array([[[1, 2, 1], [3, 4, 0.5], [5, 6, 1]]], np.float32)
    arranged = COCO18.arrange(points, ("left_ear", "tail", "nose"))
    assert arranged.shape == (1, 18, 3)
    assert arranged[0, 0].tolist() == [5, 6, 1]
    assert arranged[0, 17].tolist() == [1, 2, 1]
    assert not arranged[0, 1:17].any()
