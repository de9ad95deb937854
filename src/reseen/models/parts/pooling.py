"""Pooling of a feature map over any number of weighted regions at once."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

PoolingName = Literal["average", "gem"]


def weighted_sum(features: Tensor, weights: Tensor) -> Tensor:
    """Returns (B, R, Z): the sum of ``features`` (B, Z, h, w) under each of R ``weights`` (B, R, h, w)."""
    return torch.einsum("bzn,brn->brz", features.flatten(2), weights.flatten(2))


class AveragePooling(nn.Module):
    """Weighted average over regions; with weights 1/(h·w) it is global average pooling."""

    def forward(self, features: Tensor, weights: Tensor) -> Tensor:
        """Pools R regions.

        Args:
            features: (B, Z, h, w).
            weights: (B, R, h, w) weight of each location in each region.

        Returns:
            (B, R, Z).
        """
        return weighted_sum(features, weights)

    def evidence(self, features: Tensor, pooled: Tensor) -> Tensor:
        """Returns (B, Z, h, w) whose mean over all locations is the globally ``pooled`` (B, Z)."""
        return features


class GeneralizedMeanPooling(nn.Module):
    """GeM (Radenović et al., TPAMI 2019, eq. 4): (Σ w·x^p)^(1/p) with a learnt p; p = 1 is the average.

    Args:
        p: Initial exponent.
        eps: Values are clamped to at least this, since negative ones have no real power.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))
        self.eps = eps

    def forward(self, features: Tensor, weights: Tensor) -> Tensor:
        """Pools R regions; shapes as in `AveragePooling`."""
        powered = features.clamp(min=self.eps).pow(self.p)
        # A region without any weight sums to 0, where the root has no finite gradient.
        return weighted_sum(powered, weights).clamp(min=1e-36).pow(1 / self.p)

    def evidence(self, features: Tensor, pooled: Tensor) -> Tensor:
        """Returns x^p / pooled^(p-1), (B, Z, h, w), whose mean over all locations is ``pooled`` (B, Z)."""
        return features.clamp(min=self.eps).pow(self.p) / pooled[:, :, None, None].pow(self.p - 1)


class MaxPooling(nn.Module):
    """The highest value of each channel in each region, wherever the region has any weight."""

    def forward(self, features: Tensor, weights: Tensor) -> Tensor:
        """Pools R regions; shapes as in `AveragePooling`."""
        outside = (weights == 0).unbind(1)
        return torch.stack([features.masked_fill(each[:, None], -torch.inf).amax((2, 3)) for each in outside], 1)

    def evidence(self, features: Tensor, pooled: Tensor) -> Tensor:
        """Returns (B, Z, h, w) whose mean over all locations is the globally ``pooled`` (B, Z).

        Everything is where the highest value is, in equal shares if it is there more than once.
        """
        highest = (features == pooled[:, :, None, None]).to(features.dtype)
        return highest * (pooled / highest.mean((2, 3)))[:, :, None, None]


def build_pooling(name: PoolingName) -> AveragePooling | GeneralizedMeanPooling:
    """Returns the pooling of that name."""
    return AveragePooling() if name == "average" else GeneralizedMeanPooling()


def global_weights(features: Tensor) -> Tensor:
    """Returns (B, 1, h, w): every location weighs 1/(h·w)."""
    batch, _, height, width = features.shape
    return features.new_full((batch, 1, height, width), 1 / (height * width))
