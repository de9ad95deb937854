"""The order of the maps is OpenPose's."""

from __future__ import annotations

import torch

from reseen.data.images.transforms import normalize
from reseen.data.skeleton import COCO18
from reseen.pose.maps import JOINTS, LIMBS, channel_names, with_margin


def test_limbs_are_the_skeletons_and_two_more() -> None:
    assert len(LIMBS) == len(set(LIMBS)) == 19
    extra = {(COCO18.joints[start], COCO18.joints[end]) for start, end in set(LIMBS) - set(COCO18.limbs)}
    assert extra == {("right_shoulder", "right_ear"), ("left_shoulder", "left_ear")}
    assert set(COCO18.limbs) <= set(LIMBS)


def test_fields_are_where_openpose_has_them() -> None:
    """Channels of x and y by limb as OpenPose's own code lists them for COCO (``mapIdx`` and ``limbSeq``, from 1)."""
    limbs = [
        *((2, 3), (2, 6), (3, 4), (4, 5), (6, 7), (7, 8), (2, 9), (9, 10), (10, 11), (2, 12), (12, 13), (13, 14)),
        *((2, 1), (1, 15), (15, 17), (1, 16), (16, 18), (3, 17), (6, 18)),
    ]
    channels = [31, 39, 33, 35, 41, 43, 19, 21, 23, 25, 27, 29, 47, 49, 53, 51, 55, 37, 45]
    expected = {
        (start - 1, end - 1): (channel - 19) // 2 for (start, end), channel in zip(limbs, channels, strict=True)
    }
    assert {limb: number for number, limb in enumerate(LIMBS)} == expected


def test_the_skeletons_limbs_are_a_tree() -> None:
    """So that the best choice of candidates can be found exactly."""
    assert len(COCO18.limbs) == JOINTS - 1
    assert {end for _, end in COCO18.limbs} == set(range(JOINTS)) - {COCO18.joints.index("neck")}


def test_every_channel_has_a_name() -> None:
    names = channel_names()
    assert len(set(names)) == 57
    assert names[0] == "nose"
    assert names[18:20] == ("background", "neck to right_hip, x")


def test_the_margin_is_grey_whether_pictures_are_normalized_before_or_after() -> None:
    pictures = torch.rand(2, 3, 16, 8, generator=torch.Generator().manual_seed(0))
    around = with_margin(pictures, (8, 16))
    assert around.shape == (2, 3, 32, 40)
    assert torch.equal(around[..., 8:24, 16:24], pictures)
    around[..., 8:24, 16:24] = 0.5
    assert (around == 0.5).all()
    shown = with_margin(normalize(pictures), (8, 16), normalized=True)
    torch.testing.assert_close(shown, normalize(with_margin(pictures, (8, 16))), atol=1e-6, rtol=0)
