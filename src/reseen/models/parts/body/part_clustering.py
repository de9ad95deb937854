"""Body parts from where the feature channels peak (AANet, section 3.2)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

PartsName = Literal["clusters", "quantile", "uniform"]

_ITERATIONS = 5


@torch.no_grad()
def part_rows(features: Tensor, parts: int, method: PartsName = "clusters") -> Tensor:
    """Finds the rows of each body part.

    Args:
        features: X, (B, Z, h, w).
        parts: P, number of regions of interest.
        method: ``clusters``: 1-D k-means on the channels' peak heights (the paper). ``quantile``: equal
            shares of the peaks. ``uniform``: equal stripes.

    Returns:
        Boolean mask (B, P, h), every part a run of at least one row, from top to bottom.
    """
    stripes = uniform_rows(parts, features.shape[2], features.device).expand(features.shape[0], -1, -1)
    if method == "uniform":
        return stripes
    counts = peak_counts(features)
    rows = cluster_rows(counts, parts) if method == "clusters" else quantile_rows(counts, parts)
    return rows | (stripes & ~rows.any(2, keepdim=True))


def peak_counts(features: Tensor) -> Tensor:
    """Returns (B, h): how many channels of X (B, Z, h, w) have their maximum in each row.

    A channel that is constant over the image (mostly: all zero behind the ReLU) has no peak and does not
    count; argmax would place them all in the first row.
    """
    per_row = features.float().amax(3)  # (B, Z, h)
    peaked = per_row.amax(2) > features.float().amin((2, 3))  # (B, Z)
    counts = torch.zeros(per_row.shape[0], per_row.shape[2], device=features.device)
    return counts.scatter_add_(1, per_row.argmax(2), peaked.float())


def uniform_rows(parts: int, height: int, device: torch.device | None = None) -> Tensor:
    """Returns the mask (P, h) of equal stripes; stripes share a row where h is not a multiple of P."""
    row = torch.arange(height, device=device)
    part = torch.arange(parts, device=device)[:, None]
    return (row >= part * height // parts) & (row < -(-(part + 1) * height // parts))


def cluster_rows(counts: Tensor, parts: int) -> Tensor:
    """Clusters peak heights by 1-D k-means from equal quantiles, a fixed number of iterations.

    All peaks of one row are the same point, so k-means on the Z peaks is k-means on the h rows weighted
    by their counts: O(h·P) per image instead of O(Z·P), with the same result.

    Args:
        counts: (B, h) peaks per row.
        parts: P.

    Returns:
        Mask (B, P, h): from each cluster's first to its last peak; all False for an empty cluster.
    """
    height = counts.shape[1]
    row = torch.arange(height, device=counts.device, dtype=counts.dtype)
    share = (torch.arange(parts, device=counts.device) + 0.5) / parts
    centres = _row_of_peak(counts, share).to(counts.dtype)  # (B, P)
    for _ in range(_ITERATIONS):
        members = _assign(row, centres) * counts[:, None]  # (B, P, h)
        total = members.sum(2)
        centres = torch.where(total > 0, (members * row).sum(2) / total.clamp(min=1), centres)
        centres = centres.sort(1).values  # an empty cluster's centre may have been overtaken
    return _span(_assign(row, centres) & (counts > 0)[:, None])


def quantile_rows(counts: Tensor, parts: int) -> Tensor:
    """Cuts the peaks, sorted by height, into P equal shares.

    Args:
        counts: (B, h) peaks per row.
        parts: P.

    Returns:
        Mask (B, P, h): the rows from each share's first to its last peak.
    """
    edge = torch.arange(parts + 1, device=counts.device) / parts
    total = counts.sum(1, keepdim=True)
    # Half a peak inside the share on either side: exact counts must not fall on the edge.
    first = _row_of_peak(counts, edge[:-1] + 0.5 / total.clamp(min=1))[:, :, None]
    last = _row_of_peak(counts, edge[1:] - 0.5 / total.clamp(min=1))[:, :, None]
    row = torch.arange(counts.shape[1], device=counts.device)
    return (row >= first) & (row <= last) & (total > 0)[:, :, None]


def _row_of_peak(counts: Tensor, share: Tensor) -> Tensor:
    """Returns (B, P): the row that holds the peak at each share (P,) or (B, P) of all peaks in order."""
    cumulated = counts.cumsum(1)
    target = share * cumulated[:, -1:]  # (B, P)
    return (cumulated[:, None] < target[:, :, None]).sum(2).clamp(max=counts.shape[1] - 1)


def _assign(row: Tensor, centres: Tensor) -> Tensor:
    """Returns the mask (B, P, h) of the rows nearest to each centre; ties go to the upper part."""
    nearest = (row[None, None] - centres[:, :, None]).abs().argmin(1)  # (B, h)
    part = torch.arange(centres.shape[1], device=row.device)
    return nearest[:, None] == part[:, None]


def _span(mask: Tensor) -> Tensor:
    """Fills each run of rows from its first to its last True."""
    return (mask.cumsum(2) > 0) & (mask.flip(2).cumsum(2).flip(2) > 0)
