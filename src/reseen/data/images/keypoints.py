"""Joints that move with their pictures.

Keypoints are (B, J, 3): x and y in pixels, where the centre of the first pixel is 0, and confidence. A joint that
is not to be seen any more keeps its place and loses its confidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from reseen.data.images.size import Size
from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18


def keypoints_of(images: Sequence[PersonImage], sizes: ArrayLike, size: Size, *, always: bool = False) -> Tensor | None:
    """Returns the joints of pictures that were decoded to one size.

    Args:
        images: B images.
        sizes: (B, 2) height and width that the pictures have themselves.
        size: (H, W) they were decoded to.
        always: Return joints even if none of these images has any: others that belong to them have.

    Returns:
        (B, 18, 3), without any confidence for an image that has no joints; None if no image has.
    """
    if not (always or any_keypoints(images)):
        return None
    nothing = np.zeros((len(COCO18), 3), np.float32)
    points = np.stack([nothing if image.keypoints is None else image.keypoints for image in images])
    return rescale(torch.from_numpy(points), torch.as_tensor(np.asarray(sizes)), size)


def any_keypoints(images: Iterable[PersonImage]) -> bool:
    """Whether any image has joints."""
    return any(image.keypoints is not None for image in images)


def rescale(keypoints: Tensor, old: Tensor, new: Size) -> Tensor:
    """Returns the joints of pictures that were resized.

    Args:
        keypoints: (B, 18, 3).
        old: (B, 2) or (2,) height and width that the pictures had.
        new: (H, W) that they have.
    """
    scale = (keypoints.new_tensor(new) / old.to(keypoints)).flip(-1)[..., None, :]  # (B, 1, 2) or (1, 2): x, y
    # Pixels are areas: their edges scale, and the first pixel's centre lies half a pixel from the edge.
    places = (keypoints[..., :2] + 0.5) * scale - 0.5
    return torch.cat([places, keypoints[..., 2:]], -1)


def mirror(keypoints: Tensor, width: int) -> Tensor:
    """Returns the joints (B, 18, 3) of the mirror images: what was the left hand is a right hand."""
    swapped = keypoints[:, list(COCO18.mirrored)]
    return torch.cat([width - 1 - swapped[..., :1], swapped[..., 1:]], -1)


def shift(keypoints: Tensor, rows: Tensor, columns: Tensor, size: Size) -> Tensor:
    """Returns the joints of pictures whose content was moved down and to the right.

    Args:
        keypoints: (B, J, 3).
        rows: (B,) pixels down.
        columns: (B,) pixels to the right.
        size: (H, W) of the pictures; joints that left them lose their confidence.
    """
    moved = keypoints.clone()
    moved[..., 0] += columns[:, None]
    moved[..., 1] += rows[:, None]
    moved[..., 2] *= _inside(*_pixels(moved), size)
    return moved


def cover(keypoints: Tensor, mask: Tensor) -> Tensor:
    """Returns the joints (B, J, 3) without confidence in those that lie under a mask (B, H, W)."""
    rows, columns = _pixels(keypoints)
    height, width = mask.shape[1:]
    image = torch.arange(len(mask), device=mask.device)[:, None]
    under = mask[image, rows.clamp(0, height - 1), columns.clamp(0, width - 1)]
    covered = keypoints.clone()
    covered[..., 2] *= ~(under & _inside(rows, columns, (height, width)))
    return covered


def _pixels(keypoints: Tensor) -> tuple[Tensor, Tensor]:
    """Returns row and column (B, J) of the pixel each joint lies in."""
    places = (keypoints[..., :2] + 0.5).floor().long()
    return places[..., 1], places[..., 0]


def _inside(rows: Tensor, columns: Tensor, size: Size) -> Tensor:
    return (rows >= 0) & (rows < size[0]) & (columns >= 0) & (columns < size[1])
