"""What a pose network should give: Gaussian peaks at joints, unit vectors along limbs (Cao et al. 2017, section 2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reseen.pose.maps import LIMBS, STRIDE, PoseMaps

SIGMA = 7.0
"""Deviation of a joint's peak in pixels of the network's input, as in OpenPose."""
LIMB_WIDTH = 8.0
"""A limb's field reaches so many pixels to each side of the bone, as in OpenPose."""


def pose_targets(persons: Tensor, size: tuple[int, int]) -> PoseMaps:
    """Returns the maps of pictures whose persons are known.

    Args:
        persons: (B, P, 18, 3) x, y in pixels and confidence; a joint or person without any is not there.
        size: (H, W) of the pictures, multiples of 8.
    """
    points, known = persons[..., :2].float(), persons[..., 2] > 0  # (B, P, 18, 2), (B, P, 18)
    cells = _cells(size, points)  # (h, w, 2)
    peaks = _peaks(points, known, cells)  # (B, 18, h, w)
    background = 1 - peaks.amax(1, keepdim=True)
    return PoseMaps(torch.cat([peaks, background], 1), _fields(points, known, cells).flatten(1, 2))


def pose_loss(stages: Sequence[PoseMaps], target: PoseMaps, weight: Tensor) -> Tensor:
    """Returns the mean squared error of both streams, summed over the stages.

    Args:
        stages: Maps of every stage.
        target: What they should be.
        weight: W, (B, 1, h, w): 0 where the picture shows persons nobody has annotated.
    """
    losses = [
        (weight * (maps.float() - wanted).square()).mean()
        for stage in stages
        for maps, wanted in zip(stage, target, strict=True)
    ]
    return torch.stack(losses).sum()


def _cells(size: tuple[int, int], points: Tensor) -> Tensor:
    """Returns x, y (h, w, 2) in pixels of the middle of each cell of a map."""
    rows, columns = (torch.arange(side // STRIDE, device=points.device) * STRIDE + (STRIDE - 1) / 2 for side in size)
    return torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1)


def _peaks(points: Tensor, known: Tensor, cells: Tensor) -> Tensor:
    """Returns a Gaussian at each joint; of several persons' the highest, so that peaks stay apart."""
    squares = (points[..., None, None, :] - cells).square().sum(-1)  # (B, P, 18, h, w)
    return (torch.exp(squares / (-2 * SIGMA**2)) * known[..., None, None]).amax(1)


def _fields(points: Tensor, known: Tensor, cells: Tensor) -> Tensor:
    """Returns (B, 19, 2, h, w): a unit vector where a limb is, the mean where limbs of several persons are."""
    starts, ends = (list(side) for side in zip(*LIMBS, strict=True))
    start, end = points[:, :, starts], points[:, :, ends]  # (B, P, 19, 2)
    there = known[:, :, starts] & known[:, :, ends]
    length = (end - start).norm(dim=-1)  # (B, P, 19)
    unit = (end - start) / length.clamp(min=1e-6)[..., None]
    offset = cells - start[..., None, None, :]  # (B, P, 19, h, w, 2)
    x, y = (side[..., None, None] for side in unit.unbind(-1))
    along = offset[..., 0] * x + offset[..., 1] * y
    across = (offset[..., 0] * y - offset[..., 1] * x).abs()
    on = (along >= 0) & (along <= length[..., None, None]) & (across <= LIMB_WIDTH) & there[..., None, None]
    total = torch.einsum("bplhw,bplc->blchw", on.float(), unit)
    fields: Tensor = total / on.sum(1).clamp(min=1)[:, :, None]
    return fields
