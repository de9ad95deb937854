"""Where the attention of whole body and parts lies in the picture (Yang et al. 2019, fig. 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from reseen.models.parts.attention.cam import min_max_scale
from reseen.pose.crops import place_back
from reseen.pose.regions import REGIONS

_FIRST_BLOCK = 2
_CELL = 4
"""Pixels of the picture to a cell of the maps."""


def attention_maps(
    scores: Mapping[str, Sequence[Tensor]], boxes: Tensor, picture: tuple[int, int]
) -> dict[str, Tensor]:
    """Returns (B, h, w) by ``whole/block 2`` … ``parts/block 4``: the mean score of all channels, where it belongs.

    Each map goes from 0, the lowest score in its boxes, to 1, the highest. Where parts overlap it is their mean.

    Args:
        scores: m (B, c, h', w') of blocks 2 to 4 of each region, by its name.
        boxes: (B, 5, 4) of the `REGIONS` in the pictures.
        picture: (H, W) of the pictures.
    """
    size = (-(-picture[0] // _CELL), -(-picture[1] // _CELL))
    own = dict(zip(REGIONS, boxes.unbind(1), strict=True))
    maps = {}
    for title, regions in (("whole", REGIONS[:1]), ("parts", REGIONS[1:])):
        for number in range(len(scores[REGIONS[0]])):
            means = {region: scores[region][number].float().mean(1) for region in regions}
            placed = [place_back(means[region], own[region], picture, size) for region in regions]
            values = torch.stack([value * there for value, there in placed]).sum(0)
            covered = torch.stack([there for _, there in placed]).sum(0)
            mean = values / covered.clamp(min=1)
            maps[f"{title}/block {_FIRST_BLOCK + number}"] = min_max_scale(mean, covered > 0)
    return maps
