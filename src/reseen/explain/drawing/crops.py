"""The regions of the body as systems see them: cut out of pictures, beside the joints they follow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reseen.data.person import PersonImage
from reseen.explain.drawing.ranked_list import tiled
from reseen.explain.drawing.skeleton import draw_skeleton
from reseen.pose.canonical import default_poses
from reseen.pose.crops import crop
from reseen.pose.regions import REGION_JOINTS, region_boxes


def crops_of(image: PersonImage, *, height: int = 256) -> Image.Image:
    """Returns a picture with its joints, its whole body, and the four parts one below the other.

    Args:
        image: A person; has keypoints. The canonical poses of the package supply those that are missing.
        height: Of the result in pixels, of each part a quarter of it.
    """
    assert image.keypoints is not None
    picture = image.open()
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 255  # (1, 3, H, W)
    joints = default_poses().complete(torch.from_numpy(image.keypoints)[None])
    whole, *parts = region_boxes(joints, (picture.height, picture.width))[0].unbind()
    columns = [
        np.asarray(draw_skeleton(picture, joints[0].numpy(), height=height)),
        _cut(pixels, whole, (height, height // 2)),
        np.concatenate([_cut(pixels, part, (height // len(REGION_JOINTS), height // 2)) for part in parts]),
    ]
    return Image.fromarray(np.concatenate(columns, axis=1))


def crops_sheet(images: Sequence[PersonImage], *, columns: int = 4, height: int = 256) -> Image.Image:
    """Returns what `crops_of` draws of each image, side by side.

    Args:
        images: At least one; all have keypoints.
        columns: Images in a row.
        height: Of each in pixels.
    """
    return tiled([crops_of(image, height=height) for image in images], columns)


def _cut(pixels: Tensor, box: Tensor, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Returns a crop (h, w, 3) of one picture."""
    values = crop(pixels, box[None], size)[0].permute(1, 2, 0)
    cut: NDArray[np.uint8] = (255 * values).round().byte().numpy()
    return cut
