"""Inception blocks (Szegedy et al., AAAI 2017), bridged by a residual connection or halving the map."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.inception import BasicConv2d


class ResidualInception(nn.Module):
    """Three branches of 1×1 and 3×3 convolutions, put together by a 1×1 one and added to what came in (their fig. 10).

    Args:
        channels: Z, of the map that comes in and of the one that goes out.
        width: Channels of each convolution in the branches.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_branch(channels, width, depth) for depth in range(3))
        self.together = nn.Conv2d(3 * width, channels, 1)  # linear, as theirs is

    def forward(self, features: Tensor) -> Tensor:
        """Maps (B, Z, h, w) to (B, Z, h, w)."""
        added: Tensor = features + self.together(torch.cat([branch(features) for branch in self.branches], 1))
        return added.relu()


class PoolingInception(nn.Module):
    """Two branches of convolutions that end in strides of 2, beside the pooled map itself (their fig. 7).

    Args:
        in_channels: Z, of the map that comes in.
        out_channels: Of the one that goes out; the branches bring half each of what is more than Z.
        width: Channels of the branches' inner convolutions.
    """

    def __init__(self, in_channels: int, out_channels: int, width: int) -> None:
        super().__init__()
        new = (out_channels - in_channels) // 2
        self.branches = nn.ModuleList(
            nn.Sequential(_branch(in_channels, width, depth), _conv(width, new, kernel_size=3, stride=2, padding=1))
            for depth in (0, 1)
        )
        self.pooling = nn.MaxPool2d(3, 2, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Maps (B, Z, h, w) to (B, Z', h/2, w/2)."""
        return torch.cat([*(branch(features) for branch in self.branches), self.pooling(features)], 1)


def _branch(channels: int, width: int, depth: int) -> nn.Sequential:
    """Returns a 1×1 convolution and so many 3×3 ones after it."""
    return nn.Sequential(
        _conv(channels, width, kernel_size=1), *(_conv(width, width, kernel_size=3, padding=1) for _ in range(depth))
    )


def _conv(in_channels: int, channels: int, **options: int) -> nn.Module:
    convolution: nn.Module = BasicConv2d(in_channels, channels, **options)  # with batch norm and ReLU
    return convolution
