"""A heat map laid over the picture it belongs to."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

COLORMAP = "inferno"
"""Perceptually uniform and readable without colour vision; dark = cold, so the picture's cold parts recede."""

_COLD, _HOT = 0.30, 0.78
"""How much of the overlay is colour, from the coldest to the hottest place; the rest is the picture."""


def scaled(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scales a map (h, w) to [0, 1] by its highest value; what is negative, evidence against, becomes 0.

    Zero evidence has to stay dark: between a map's own extremes it would look the brighter the more speaks against.
    """
    high = float(values.max())
    if high <= 0:
        return np.zeros(values.shape, dtype=np.float32)
    positive: NDArray[np.float32] = (np.maximum(values, 0) / high).astype(np.float32)
    return positive


def enlarged(values: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resizes a map in [0, 1] to (height, width), bicubic, clipped where the kernel overshoots."""
    grid = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    grid = grid.resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(grid, dtype=np.float32).clip(0, 1)


def overlay(picture: Image.Image, values: NDArray[np.floating]) -> Image.Image:
    """Lays a heat map over a picture.

    The picture goes in as brightness only, so that every colour in the result is the map's.

    Args:
        picture: The picture, any size.
        values: (h, w) map in [0, 1].

    Returns:
        RGB picture of the same size.
    """
    heat = enlarged(values, (picture.height, picture.width))  # (H, W)
    gray = np.asarray(picture.convert("L"), dtype=np.float32)[..., None] / 255  # (H, W, 1)
    color = colormaps[COLORMAP](heat)[..., :3]  # (H, W, 3)
    weight = (_COLD + (_HOT - _COLD) * heat)[..., None]
    mixed = (1 - weight) * gray + weight * color
    return Image.fromarray((255 * mixed).round().astype(np.uint8))
