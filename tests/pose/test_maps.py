"""The order of the maps is OpenPose's."""

from __future__ import annotations

from reseen.data.skeleton import COCO18
from reseen.pose.maps import JOINTS, LIMBS, channel_names


def test_limbs_are_the_skeletons_and_two_more() -> None:
    assert len(LIMBS) == len(set(LIMBS)) == 19
    extra = {(COCO18.joints[start], COCO18.joints[end]) for start, end in set(LIMBS) - set(COCO18.limbs)}
    assert extra == {("right_shoulder", "right_ear"), ("left_shoulder", "left_ear")}
    assert set(COCO18.limbs) <= set(LIMBS)


def test_the_skeletons_limbs_are_a_tree() -> None:
    """So that the best choice of candidates can be found exactly."""
    assert len(COCO18.limbs) == JOINTS - 1
    assert {end for _, end in COCO18.limbs} == set(range(JOINTS)) - {COCO18.joints.index("neck")}


def test_every_channel_has_a_name() -> None:
    names = channel_names()
    assert len(set(names)) == 57
    assert names[0] == "nose"
    assert names[18:20] == ("background", "neck to right_hip, x")
