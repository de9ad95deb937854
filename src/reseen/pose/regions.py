"""The body's regions by its joints (Yang et al. 2019, equations 1 and 2): whole, head, upper body, upper and lower leg.

The paper's figure that says which joint belongs to which region is not readable in numbers. Here neighbours share the
joints between them, as two regions have to that overlap by 2β; the head has the neck, without which the whole body
would begin below the crown.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from reseen.data.skeleton import COCO18
from reseen.pose.canonical import USABLE

_ARMS = ("elbow", "wrist")
REGION_JOINTS: Mapping[str, tuple[str, ...]] = {
    "head": ("nose", "neck", "eye", "ear"),
    "upper": ("neck", "shoulder", *_ARMS, "hip"),
    "upper_leg": ("hip", "knee"),
    "lower_leg": ("knee", "ankle"),
}
"""Joints of each part, both sides of the body."""
REGIONS = ("whole", *REGION_JOINTS)
BETA = 3 / 48
"""Half the overlap of two neighbours, as a share of the body's height: the best of the paper's table 11."""

_STRIPS = {
    "whole": (0.0, 1.0),
    "head": (0.0, 0.25),
    "upper": (0.15, 0.57),
    "upper_leg": (0.45, 0.8),
    "lower_leg": (0.68, 1.0),
}
"""Top and bottom of the fixed strips, as shares of the picture's height: about where who stands has the parts."""


def region_boxes(keypoints: Tensor, size: tuple[int, int], *, beta: float = BETA) -> Tensor:
    """Returns the boxes of the five `REGIONS` in each of B pictures.

    All five are as wide as the whole body. A picture in which one of the parts has no usable joint gets
    `strip_boxes`; `CanonicalPoses.complete` supplies joints that are missing.

    Args:
        keypoints: (B, 18, 3) x, y in pixels and confidence, of which a joint that counts has at least `USABLE`.
        size: (H, W) of the pictures.
        beta: β as a share of the body's height.

    Returns:
        (B, 5, 4): left, top, right, bottom, in the pixels that joints are measured in.
    """
    points, seen = keypoints[..., :2].float(), keypoints[..., 2] >= USABLE
    highest, lowest = {}, {}
    usable_parts = torch.ones_like(seen[:, 0])
    for region, rows in _rows().items():
        y, there = points[:, rows, 1], seen[:, rows]
        highest[region] = y.where(there, torch.inf).amin(1)
        lowest[region] = y.where(there, -torch.inf).amax(1)
        usable_parts &= there.any(1)
    top = 2 * highest["head"] - lowest["head"]
    bottom = (4 * lowest["lower_leg"] - highest["lower_leg"]) / 3
    height = bottom - top
    x = points[..., 0]
    centre = x.where(seen, 0).sum(1) / seen.sum(1).clamp(min=1)
    left = torch.minimum(centre - height / 4, x.where(seen, torch.inf).amin(1))
    right = torch.maximum(centre + height / 4, x.where(seen, -torch.inf).amax(1))
    overlap = beta * height
    tops = [top, top, *(highest[region] - overlap for region in ("upper", "upper_leg", "lower_leg"))]
    bottoms = [bottom, *(lowest[region] + overlap for region in ("head", "upper", "upper_leg")), bottom]
    boxes = torch.stack(
        [torch.stack([left, upper, right, lower], -1) for upper, lower in zip(tops, bottoms, strict=True)], 1
    )
    return boxes.where((usable_parts & (height > 0))[:, None, None], strip_boxes(boxes.shape[0], size).to(boxes))


def strip_boxes(count: int, size: tuple[int, int]) -> Tensor:
    """Returns fixed boxes (count, 5, 4) of the five `REGIONS`, as wide as pictures of a size (H, W)."""
    height, width = size
    strips = [(-0.5, height * top - 0.5, width - 0.5, height * bottom - 0.5) for top, bottom in _STRIPS.values()]
    return torch.tensor(strips).expand(count, -1, -1)


def _rows() -> dict[str, list[int]]:
    """Returns the numbers of each part's joints."""
    bare = [joint.removeprefix("left_").removeprefix("right_") for joint in COCO18.joints]
    return {region: [row for row, joint in enumerate(bare) if joint in own] for region, own in REGION_JOINTS.items()}
