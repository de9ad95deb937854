"""Whether a map tells the truth: how much of it lies where it should, and what covering its hottest places does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.explain.drawing.overlay import enlarged

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def energy_inside(values: NDArray[np.floating], inside: Mask) -> float:
    """Returns the share of a map's energy that lies inside a mask (Wang et al., Score-CAM, CVPRW 2020, section 4.3).

    Negative values count as none. A map without any energy has none inside.

    Args:
        values: (h, w) map; it is enlarged to the mask's size.
        inside: (H, W).

    Raises:
        ReseenError: If the mask is empty: nothing could lie inside.
    """
    heat = _on(values, inside)
    total = float(heat.sum(dtype=np.float64))
    return float(heat[inside].sum(dtype=np.float64)) / total if total > 0 else 0.0


def points_inside(values: NDArray[np.floating], inside: Mask) -> bool:
    """Returns whether a map's highest place lies inside a mask: the pointing game (Zhang et al., IJCV 2018).

    Args:
        values: (h, w) map; it is enlarged to the mask's size.
        inside: (H, W).

    Raises:
        ReseenError: If the mask is empty.
    """
    heat = _on(values, inside)
    return bool(inside.reshape(-1)[heat.argmax()]) and bool(heat.max() > 0)


def centred_blob(size: tuple[int, int]) -> Floats:
    """Returns what a map is to be compared with: a Gaussian in the middle, where crops have their person.

    Args:
        size: (h, w); the deviation is a quarter of the height and a fifth of the width.
    """
    y, x = (np.linspace(-1, 1, length, dtype=np.float32) for length in size)
    blob: Floats = np.exp(-((y[:, None] / 0.5) ** 2 + (x / 0.4) ** 2) / 2).astype(np.float32)
    return blob


def random_map(size: tuple[int, int], generator: np.random.Generator) -> Floats:
    """Returns independent values in [0, 1) at the map's own resolution (h, w)."""
    return generator.random(size, dtype=np.float32)


def hottest(values: NDArray[np.floating], size: tuple[int, int], share: float) -> Mask:
    """Returns the mask (H, W) of the hottest share of a map's area, to a pixel.

    Args:
        values: (h, w) map.
        size: (H, W) of the mask.
        share: Of the area, 0 to 1.

    Raises:
        ReseenError: If the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ReseenError(f"the share of a picture to cover is between 0 and 1, not {share}")
    heat = _positive(values, size).reshape(-1)
    chosen = np.zeros(heat.shape, dtype=np.bool_)
    # Stable, so that ties (a flat map) give the same mask every time.
    chosen[np.argsort(-heat, kind="stable")[: round(share * heat.size)]] = True
    return chosen.reshape(size)


def moved(mask: Mask, generator: np.random.Generator) -> Mask:
    """Returns the same shape elsewhere: the mask shifted around the picture's edges by a random way.

    What it covers is as much and hangs together as much; only the place is another.
    """
    height, width = mask.shape
    down = int(generator.integers(height // 4, height - height // 4 + 1))
    right = int(generator.integers(0, width))
    return np.roll(mask, (down, right), (0, 1))


def covered(pixels: NDArray[np.uint8], mask: Mask, colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Returns a picture (H, W, 3) with one colour where the mask (H, W) is set."""
    return np.where(mask[..., None], np.array(colour, dtype=np.uint8), pixels)


def mean_colour(pixels: NDArray[np.uint8]) -> tuple[int, int, int]:
    """Returns a picture's mean colour, by which what is covered says least."""
    red, green, blue = pixels.reshape(-1, 3).mean(axis=0).round().astype(int).tolist()
    return red, green, blue


def _on(values: NDArray[np.floating], inside: Mask) -> Floats:
    if not inside.any():
        raise ReseenError("the mask is empty: choose pictures in which this part of the body is seen")
    return _positive(values, (inside.shape[0], inside.shape[1]))


def _positive(values: NDArray[np.floating], size: tuple[int, int]) -> Floats:
    """Returns the map without negative values, its highest one 1, enlarged; all 0 if there is nothing positive."""
    positive = np.maximum(values, 0)
    return enlarged(positive / max(float(positive.max()), 1e-12), size)
