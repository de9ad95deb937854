"""Joints and limbs drawn over the person they belong to, and many persons on one sheet."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.explain.drawing.enlarging import at_height
from reseen.explain.drawing.ranked_list import tiled

_FAINT = 0.1
"""Joints that are less sure are not drawn."""
_COLOURS = [
    tuple(round(255 * part) for part in colorsys.hsv_to_rgb(number / len(COCO18), 0.85, 1))
    for number in range(len(COCO18))
]


def draw_skeleton(
    picture: Image.Image, keypoints: NDArray[np.float32], *, height: int = 256, least: float = _FAINT
) -> Image.Image:
    """Returns an enlarged picture with the skeleton drawn over it; a colour a joint, so that sides can be told apart.

    Args:
        picture: A person.
        keypoints: (18, 3) x, y in its pixels and confidence.
        height: Of the result in pixels.
        least: Joints of less confidence are left out.
    """
    canvas = at_height(picture, height)
    scale = np.array(canvas.size) / picture.size
    draw = ImageDraw.Draw(canvas)
    places = [tuple(float(value) for value in place) for place in (keypoints[:, :2] + 0.5) * scale]
    shown = keypoints[:, 2] >= least
    for start, end in COCO18.limbs:
        if shown[start] and shown[end]:
            draw.line([places[start], places[end]], _COLOURS[end], max(2, height // 100))
    radius = max(2, height // 90)
    for joint in np.flatnonzero(shown):
        x, y = places[joint]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), _COLOURS[joint], (0, 0, 0))
    return canvas


def sheet_of(images: Sequence[PersonImage], *, columns: int = 12, height: int = 256) -> Image.Image:
    """Returns images with their joints drawn, side by side.

    Args:
        images: At least one; all have keypoints.
        columns: Images in a row.
        height: Of each in pixels.
    """
    drawn = []
    for image in images:
        assert image.keypoints is not None
        drawn.append(draw_skeleton(image.open(), image.keypoints, height=height))
    return tiled(drawn, columns)
