"""Crops of a batch, all at once and on its device."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def crop(images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Returns a crop of each image, resized (bilinear) to one size; what lies outside its image is 0.

    Meant for boxes no larger than twice the crop: beyond that pixels would be skipped.

    Args:
        images: (B, C, H, W).
        boxes: (B, 4) left, top, right, bottom, where the first pixel's centre is 0 and so its edge -0.5.
        size: (h, w) of the crops.

    Returns:
        (B, C, h, w).
    """
    height, width = images.shape[-2:]
    left, top, right, bottom = boxes.to(images.device, torch.float32).unbind(-1)
    x = _normalised(left, right, size[1], width)  # (B, w)
    y = _normalised(top, bottom, size[0], height)  # (B, h)
    grid = torch.stack([x[:, None].expand(-1, size[0], -1), y[..., None].expand(-1, -1, size[1])], -1)
    # At the border pixels go on half a pixel, as areas do, and are not mixed with what is beyond it.
    sampled = functional.grid_sample(images, grid.to(images), padding_mode="border", align_corners=False)
    inside = ((x.abs() <= 1)[:, None] & (y.abs() <= 1)[..., None])[:, None]  # (B, 1, h, w)
    return sampled * inside


def place_back(maps: Tensor, boxes: Tensor, picture: tuple[int, int], size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Returns maps of crops where they lie in their pictures, and which cells of the pictures they cover.

    Args:
        maps: (B, h, w) of the crops.
        boxes: (B, 4) that the crops were taken by, in pixels of the pictures.
        picture: (H, W) of the pictures.
        size: (h', w') to draw the pictures' maps at.

    Returns:
        (B, h', w'), 0 beside the box, and a mask of the same shape.
    """
    # Seen from the crop the picture is a box, too.
    corners = boxes.new_tensor([0.0, 0.0, picture[1], picture[0]]) - 0.5
    start, end = boxes[:, :2].repeat(1, 2), boxes[:, 2:].repeat(1, 2)
    cells = boxes.new_tensor([maps.shape[-1], maps.shape[-2]] * 2)
    pictures = (corners - start) / (end - start).clamp(min=1e-6) * cells - 0.5
    layers = torch.stack([maps, torch.ones_like(maps)], 1)  # (B, 2, h, w)
    placed, covered = crop(layers, pictures, size).unbind(1)
    return placed, covered > 0


def _normalised(start: Tensor, end: Tensor, count: int, length: int) -> Tensor:
    """Returns where the centres of a crop's pixels lie (B, count), -1 to 1 being the edges of the image."""
    steps = (torch.arange(count, device=start.device) + 0.5) / count
    pixels = start[:, None] + steps * (end - start)[:, None]
    return (2 * pixels + 1) / length - 1
