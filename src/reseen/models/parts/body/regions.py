"""AANet's table of which attribute shows on which part of the body, and which attributes make the attention map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

Region = Literal["global", "top", "middle", "bottom"]

REGIONS: tuple[Region, ...] = ("global", "top", "middle", "bottom")

_HEAD: tuple[Region, ...] = ("top",)
_UPPER: tuple[Region, ...] = ("top", "middle")
_LOWER: tuple[Region, ...] = ("bottom", "middle")

_SHOWS_ON: Mapping[str, tuple[Region, ...]] = {
    "hair": _HEAD,
    "hair_color": _HEAD,
    "hat": _HEAD,
    "sleeve": _UPPER,
    "upper_color": _UPPER,
    "upper_length": _UPPER,
    "boots": _LOWER,
    "footwear_color": _LOWER,
    "lower_color": _LOWER,
    "lower_length": _LOWER,
    "lower_type": _LOWER,
    "shoe_color": _LOWER,
}
"""The others, such as gender, age and bags, are of the whole person."""
_PETA_PREFIXES: Mapping[str, tuple[Region, ...]] = {
    "accessory": _HEAD,
    "hair": _HEAD,
    "upperBody": _UPPER,
    "lowerBody": _LOWER,
    "footwear": _LOWER,
}

ATTENTION = frozenset({"gender", "hair", "upper_length", "upper_color", "lower_length", "lower_type", "lower_color"})
"""What the paper's attention map uses: not what most images lack (bags, hats), nor sleeves with their background."""


def shows_on(attribute: str) -> tuple[Region, ...]:
    """Returns the regions the mean of whose vectors feeds an attribute's classifier; global for unknown names.

    A colour taken apart, such as ``upper_color:black``, shows where the colour does.
    """
    name = attribute.partition(":")[0]
    if name in _SHOWS_ON:
        return _SHOWS_ON[name]
    return next((regions for prefix, regions in _PETA_PREFIXES.items() if name.startswith(prefix)), ("global",))


def makes_attention(attribute: str) -> bool:
    """Whether the paper's attention map uses an attribute, or a colour taken apart."""
    return attribute.partition(":")[0] in ATTENTION


def region_weights(features: Tensor) -> Tensor:
    """Returns (4, h, w): averaging weights of the whole map and its top, middle and bottom third."""
    height, width = features.shape[-2:]
    third = torch.arange(height, device=features.device) * 3 // height
    masks = torch.stack([third >= 0, third == 0, third == 1, third == 2]).float()
    return (masks / (masks.sum(1, keepdim=True).clamp(min=1) * width))[:, :, None].expand(-1, -1, width)
