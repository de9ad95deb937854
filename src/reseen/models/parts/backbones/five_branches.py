"""The base network of Yang et al. (2019), table 1: a branch for the whole body, and one for each of four parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from reseen.models.parts.attention.intra_attention import Decomposition, IntraAttention
from reseen.models.parts.backbones.bottleneck import Bottleneck
from reseen.models.parts.reduction import Reduction

_UNITS = 3
HALVES = (False, True, True, False)
"""Which of a branch's four blocks halve the map; ResNet's last halving is left out."""
_POOLINGS = (2, 1, 1)
"""How often the attention paths of blocks 2 to 4 pool."""


class Branch(nn.Module):
    """Max pooling, four blocks of three bottlenecks, average pooling, and a shorter feature.

    Args:
        in_channels: Of the first convolution's map.
        width: Of the first block.
        pool_stride: Of the max pooling, down and across.
        dim: Size of the feature.
    """

    def __init__(self, in_channels: int, width: int, pool_stride: tuple[int, int], dim: int) -> None:
        super().__init__()
        self.pooling = nn.MaxPool2d(3, pool_stride, padding=1)
        self.blocks = nn.ModuleList()
        channels = in_channels
        for own, halve in zip(widths(width), HALVES, strict=True):
            first = Bottleneck(channels, own, halve=halve)
            channels = first.channels
            self.blocks.append(nn.Sequential(first, *(Bottleneck(channels, own) for _ in range(_UNITS - 1))))
        self.reduction = Reduction(channels, dim, learnt_shift=True)

    def forward(self, stem: Tensor, attention: Sequence[nn.Module] = ()) -> tuple[Tensor, list[Tensor]]:
        """Returns the feature E, and what attention found.

        Args:
            stem: The first convolution's map, (B, Z, h, w).
            attention: The attention paths of the last blocks, or none.

        Returns:
            E (B, d) in float32, and m (B, c, h', w') of each attention path.
        """
        values = self.pooling(stem)
        scores: list[Tensor] = []
        without = len(self.blocks) - len(attention)
        for number, block in enumerate(self.blocks):
            found = block(values)  # equation 3
            if number >= without:
                scores.append(attention[number - without](values))
                found = (1 + scores[-1]) * found  # equation 7
            values = found
        with torch.autocast(values.device.type, enabled=False):  # heads are small: exact in float32
            _, feature = self.reduction(values.float().mean((2, 3)))
        return feature, scores


class FiveBranches(nn.Module):
    """One convolution that all share, and a branch for the whole body and for each part.

    Args:
        parts: Names of the parts.
        width: Channels of the first convolution, and of the whole body's first bottlenecks; the parts' have half of it.
        dim: Size of the whole body's feature.
        part_dim: Size of each part's.
    """

    def __init__(self, parts: Sequence[str], width: int, dim: int, part_dim: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, 2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.branches = nn.ModuleDict(
            {
                "whole": Branch(width, width, (2, 2), dim),
                **{part: Branch(width, width // 2, (1, 2), part_dim) for part in parts},
            }
        )

    def forward(self, crops: Mapping[str, Tensor], attention: nn.ModuleDict) -> dict[str, tuple[Tensor, list[Tensor]]]:
        """Returns what `Branch` does of each crop (B, 3, h, w), by the branch's name.

        Args:
            crops: By the branch's name.
            attention: The `attention_paths` of branches that have some, likewise.
        """
        found: dict[str, tuple[Tensor, list[Tensor]]] = {}
        for name, branch in self.branches.items():
            paths = attention[name] if name in attention else nn.ModuleList()
            assert isinstance(paths, nn.ModuleList)
            found[name] = branch(self.stem(crops[name]), list(paths))
        return found


def widths(first: int) -> list[int]:
    """Returns the widths of a branch's blocks, each twice the one before."""
    return [first * 2**number for number in range(len(HALVES))]


def attention_paths(width: int, decomposition: Decomposition) -> nn.ModuleList:
    """Returns the attention paths of a branch's blocks 2 to 4.

    Args:
        width: Of the branch's first block.
        decomposition: See `IntraAttention`.
    """
    own = widths(width)
    return nn.ModuleList(
        [
            IntraAttention(2 * before, after, poolings=poolings, halves=halves, decomposition=decomposition)
            for before, after, poolings, halves in zip(own, own[1:], _POOLINGS, HALVES[1:], strict=False)
        ]
    )
