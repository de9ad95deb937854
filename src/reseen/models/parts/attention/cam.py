"""Class activation maps (Zhou et al., CVPR 2016) and what AANet makes of them: scaling and thresholds."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

ThresholdName = Literal["mean_std", "otsu"]


def class_activation_maps(features: Tensor, class_weights: Tensor) -> Tensor:
    """Returns CAM_c(h, w) = Σ_v W_cv F_v(h, w).

    Args:
        features: F, (B, V, h, w).
        class_weights: (B, A, V) classifier row of each image's class of interest, for A classifiers.

    Returns:
        (B, A, h, w).
    """
    return torch.einsum("bav,bvhw->bahw", class_weights, features)


def stretch(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Brings maps (..., h, w) to another size: each new cell has the mean of what it covers, so that means stay."""
    (height, width), (rows, columns) = size, maps.shape[-2:]
    return _shares(rows, height).to(maps) @ maps @ _shares(columns, width).to(maps).T


def _shares(old: int, new: int) -> Tensor:
    """Returns (new, old): the share of each old cell in each new one, where both divide the same length evenly."""
    starts = torch.arange(new)[:, None] * old
    others = torch.arange(old)[None] * new
    covered = torch.minimum(starts + old, others + new) - torch.maximum(starts, others)  # in units of 1 / (old · new)
    return covered.clamp(min=0) / old


def min_max_scale(maps: Tensor, inside: Tensor | None = None, eps: float = 1e-4) -> Tensor:
    """Scales each map to [0, 1]; a flat map becomes 0.

    Args:
        maps: (..., h, w).
        inside: Boolean mask that broadcasts to ``maps``: minimum and maximum are taken inside it, and the
            result is 0 outside. None = everywhere.
        eps: Smallest range that is stretched to 1; keeps the gradient of almost flat maps bounded.
    """
    if inside is None:
        inside = torch.ones((), dtype=torch.bool, device=maps.device)
    low = maps.masked_fill(~inside, torch.inf).amin((-2, -1), keepdim=True)
    high = maps.masked_fill(~inside, -torch.inf).amax((-2, -1), keepdim=True)
    return ((maps - low) / (high - low).clamp(min=eps)).masked_fill(~inside, 0)


def keep_strong(maps: Tensor, method: ThresholdName = "mean_std") -> Tensor:
    """Returns maps (B, h, w) with everything up to the adaptive threshold set to 0.

    The kept values (not a binary mask) remain, and carry gradient; the threshold does not.
    """
    threshold = (mean_std_threshold if method == "mean_std" else otsu_threshold)(maps.detach())
    return maps * (maps.detach() > threshold[:, None, None])


def mean_std_threshold(maps: Tensor) -> Tensor:
    """Returns (B,) mean + 0.5·std of each map (B, h, w) (spec aanet.md, Decision)."""
    return maps.mean((1, 2)) + 0.5 * maps.std((1, 2), correction=0)


def otsu_threshold(maps: Tensor) -> Tensor:
    """Returns (B,) Otsu's threshold of each map (B, h, w), exactly, on the values themselves.

    With the n values sorted, the split after k values has between-class variance
    (mean_above - mean_below)² · k(n-k)/n²; the best split's lower class ends at the threshold.
    """
    values = maps.flatten(1).sort(1).values
    count = values.shape[1]
    below = torch.arange(1, count, device=maps.device, dtype=values.dtype)
    sums = values.cumsum(1)
    mean_below = sums[:, :-1] / below
    mean_above = (sums[:, -1:] - sums[:, :-1]) / (count - below)
    variance = (mean_above - mean_below).square() * below * (count - below)
    return values.gather(1, variance.argmax(1, keepdim=True))[:, 0]
