"""What a pose network says of a picture: a confidence map for each joint, a field of unit vectors for each limb.

Cell (i, j) of a map whose cells are s pixels wide stands for the pixel (s·i + (s - 1) / 2, s·j + (s - 1) / 2): pixels
are areas, and the first one's centre is 0.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor
from torch.nn import functional

from reseen.data.images.transforms import normalize
from reseen.data.skeleton import COCO18

STRIDE = 8
"""Pixels of a map's cell, in all networks of this kind."""
GREY = 0.5
"""What a network sees beyond a picture, in [0, 1]."""
JOINTS = len(COCO18)
LIMBS: tuple[tuple[int, int], ...] = (
    *((1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13)),
    *((1, 2), (2, 3), (3, 4), (2, 16), (1, 5), (5, 6), (6, 7), (5, 17)),
    *((1, 0), (0, 14), (0, 15), (14, 16), (15, 17)),
)
"""The 19 limbs in the order of OpenPose's fields, each from its first joint to its second: `COCO18`'s and, from
shoulder to ear, two more."""


class PoseMaps(NamedTuple):
    """Maps of B pictures.

    Attributes:
        confidence: (B, 19, h, w): the joints of `COCO18`, then the background (1 where no joint is).
        affinity: (B, 38, h, w): x and y of a unit vector along each of `LIMBS`, 0 beside it.
    """

    confidence: Tensor
    affinity: Tensor


class PoseNetwork(Protocol):
    """Whatever gives the maps of pictures."""

    @property
    def name(self) -> str:
        """Tells this network from others, in files that hold what it found."""

    def maps(self, pictures: Tensor) -> PoseMaps:
        """Returns the maps of pictures (B, 3, H, W), RGB in [0, 1], whose sides are multiples of `STRIDE`."""


def margins(size: tuple[int, int], share: float) -> tuple[int, int]:
    """Returns pixels around pictures (H, W), above and below, left and right: a share of each side, in whole cells."""
    height, width = (round(side * share / STRIDE) * STRIDE for side in size)
    return height, width


def with_margin(pictures: Tensor, margin: tuple[int, int], *, normalized: bool = False) -> Tensor:
    """Returns pictures as a pose network sees them: with grey around them.

    Args:
        pictures: (B, 3, H, W) in [0, 1].
        margin: Pixels above and below, left and right; see `margins`.
        normalized: Whether the pictures are so already.
    """
    down, right = margin
    around = (right, right, down, down)
    if not normalized:
        return functional.pad(pictures, around, value=GREY)
    grey = normalize(pictures.new_full((1, 3, 1, 1), GREY))  # a value a channel, which padding does not take
    return functional.pad(pictures - grey, around) + grey


def channel_names() -> tuple[str, ...]:
    """Returns what each of the 19 + 38 channels is about, confidence first."""
    limbs = (f"{COCO18.joints[start]} to {COCO18.joints[end]}" for start, end in LIMBS)
    return (*COCO18.joints, "background", *(f"{limb}, {axis}" for limb in limbs for axis in "xy"))
