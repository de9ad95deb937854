"""Which crops of a person are worth keeping: sharp ones, of the whole person, unlike each other."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import laplace

from reseen.ingest.people import Boxes, Pixels, crop_of

_SHARPNESS_SIZE = (64, 128)
"""Width and height at which sharpness is measured: small crops, which are enlarged, are less sharp than large ones."""
_LOOK = (8, 16)
"""Width and height of the tiny picture by which two crops are compared."""
_CUT, _MISSHAPEN = 0.3, 0.5
"""How much a crop is worth that the frame's edge cuts off, or whose shape is not a person's."""
_SHAPES = (1.6, 5.0)
"""Height by width of a person."""
_EDGE = 0.01
"""Of a box's height: as near to the frame's edge it is cut off."""
_APART = 0.4
"""Seconds between two crops of a track."""
_UNLIKE = 0.04
"""Mean difference, of colours from 0 to 1, from which two crops are unlike each other."""
_WORSE = 0.25
"""Crops of less than this share of the best one's quality are not kept."""
_JPEG_QUALITY = 95


@dataclass(frozen=True, eq=False, slots=True)
class Crop:
    """One picture of one person.

    Attributes:
        picture: JPEG.
        seconds: When, since the first frame.
        box: (4,) left, top, right and bottom in pixels of the frame.
        confidence: The detector's, from 0 to 1.
        quality: The root of its `sharpness`, times its `wholeness`, times its confidence.
        look: (16, 8, 3) colours from 0 to 1.
    """

    picture: bytes
    seconds: float
    box: NDArray[np.float32]
    confidence: float
    quality: float
    look: NDArray[np.float32]


def sharpness(picture: Pixels) -> float:
    """Returns the variance of the Laplacian of a crop's brightness (0-255), brought to 128 by 64 pixels.

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    gray = Image.fromarray(picture).convert("L").resize(_SHARPNESS_SIZE, Image.Resampling.BILINEAR)
    return float(laplace(np.asarray(gray, np.float32)).var())


def wholeness(boxes: Boxes, size: tuple[int, int]) -> NDArray[np.float32]:
    """Returns how much of each person (N,) can be expected in their box, from 0 to 1.

    Less is if the frame's edge cuts the box off, if its shape is not a person's, and by the share that the box of
    another covers who stands in front: whose feet are further down.

    Args:
        boxes: (N, 4) of everybody in the frame.
        size: (height, width) of the frame.
    """
    left, top, right, bottom = boxes.T
    width, height = (right - left).clip(1e-6), (bottom - top).clip(1e-6)
    near = _EDGE * height
    cut = (left <= near) | (top <= near) | (right >= size[1] - near) | (bottom >= size[0] - near)
    tall = height / width
    shaped = (tall >= _SHAPES[0]) & (tall <= _SHAPES[1])
    across = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    along = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    share = across.clip(0) * along.clip(0) / (width * height)[:, None]
    in_front = bottom[None] > bottom[:, None]
    covered = np.where(in_front, share, 0).max(axis=1, initial=0)
    whole = (1 - covered) * np.where(cut, _CUT, 1) * np.where(shaped, 1, _MISSHAPEN)
    return np.asarray(whole, np.float32)


def make_crop(picture: Pixels, box: NDArray[np.float32], *, seconds: float, confidence: float, whole: float) -> Crop:
    """Cuts a person out of a frame.

    Args:
        picture: The frame.
        box: (4,) where.
        seconds: When.
        confidence: The detector's.
        whole: Their `wholeness`.
    """
    pixels = np.ascontiguousarray(crop_of(picture, box))
    image, file = Image.fromarray(pixels), io.BytesIO()
    image.save(file, "JPEG", quality=_JPEG_QUALITY)
    look = np.asarray(image.resize(_LOOK, Image.Resampling.BOX)).astype(np.float32) / np.float32(255)
    quality = math.sqrt(sharpness(pixels)) * whole * confidence
    return Crop(file.getvalue(), seconds, box, confidence, quality, look)


def unlikeness(one: Crop, other: Crop) -> float:
    """Returns the mean difference of two crops' colours, from 0 to 1."""
    return float(np.abs(one.look - other.look).mean())


def best_of(crops: Iterable[Crop], keep: int) -> tuple[Crop, ...]:
    """Returns a person's best crops, at most so many, in order of time.

    The best one always; of the others, from better to worse, each that is a moment apart from those chosen and does
    not look like one of them.
    """
    chosen: list[Crop] = []
    for crop in sorted(crops, key=lambda crop: -crop.quality):
        if len(chosen) == keep or (chosen and crop.quality < _WORSE * chosen[0].quality):
            break
        if all(abs(crop.seconds - own.seconds) >= _APART and unlikeness(crop, own) >= _UNLIKE for own in chosen):
            chosen.append(crop)
    return tuple(sorted(chosen, key=lambda crop: crop.seconds))
