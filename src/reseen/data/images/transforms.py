"""Batched, seeded image transforms that run on the device the batch lies on."""

from __future__ import annotations

import math

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as tv

from reseen.data.images import keypoints as joints

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Augmentation(BaseModel):
    """What training changes in an image; every image of a batch draws its own.

    Attributes:
        flip: Probability of a horizontal flip.
        pad_crop: Pixels of zero padding on each side before a random crop back to size.
        erasing: Probability of random erasing (Zhong et al. 2020): 2-40 % of the area, aspect 0.3-3.3,
            filled with the ImageNet mean.
        jitter: Strength of brightness, contrast and saturation jitter: factors in [1 - jitter, 1 + jitter].
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip: float = Field(0.5, ge=0, le=1)
    pad_crop: int = Field(0, ge=0)
    erasing: float = Field(0.0, ge=0, le=1)
    jitter: float = Field(0.0, ge=0, lt=1)


def to_float(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Returns uint8 pixels (B, H, W, 3) as floats (B, 3, h, w) in [0, 1], resized if the size differs."""
    images = pixels.permute(0, 3, 1, 2)  # a channels-last view, which is what the convolutions want
    if tuple(images.shape[-2:]) != size:
        images = tv.resize(images, list(size), antialias=True)
    return images.float() / 255


def normalize(images: Tensor) -> Tensor:
    """Returns images (B, 3, H, W) in [0, 1] with ImageNet's mean and deviation taken out, channels last."""
    # What tv.normalize computes, without its look at the deviation's numbers, which a GPU would have to send back.
    normalized = (images - _channels(IMAGENET_MEAN, images)).div_(_channels(IMAGENET_STD, images))
    return normalized.contiguous(memory_format=torch.channels_last)


def augment(
    images: Tensor, augmentation: Augmentation, generator: Generator, keypoints: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """Returns a training view of images and of the joints in them.

    Args:
        images: (B, 3, H, W) in [0, 1].
        augmentation: What to change.
        generator: Source of all randomness, on the images' device; joints or none, the same is drawn from it.
        keypoints: (B, 18, 3) x, y in pixels and confidence, or None.
    """
    if augmentation.jitter:
        images = _jitter(images, augmentation.jitter, generator)
    if augmentation.flip:
        flipped = _chance(images, augmentation.flip, generator)
        images = torch.where(flipped, images.flip(-1), images)
        if keypoints is not None:
            keypoints = torch.where(flipped[..., 0], joints.mirror(keypoints, images.shape[-1]), keypoints)
    if augmentation.pad_crop:
        pad = augmentation.pad_crop
        images, top, left = _pad_crop(images, pad, generator)
        if keypoints is not None:
            keypoints = joints.shift(keypoints, pad - top, pad - left, (images.shape[2], images.shape[3]))
    if augmentation.erasing:
        erased = _erased(images, generator) & _chance(images, augmentation.erasing, generator)
        images = torch.where(erased, _channels(IMAGENET_MEAN, images), images)
        if keypoints is not None:
            keypoints = joints.cover(keypoints, erased[:, 0])
    return images, keypoints


def _channels(values: tuple[float, float, float], images: Tensor) -> Tensor:
    """Returns (1, 3, 1, 1), filled where the images lie: copying numbers there would make the host wait for a GPU."""
    return torch.cat([images.new_full((1, 1, 1, 1), value) for value in values], 1)


def _uniform(images: Tensor, generator: Generator) -> Tensor:
    return torch.rand(len(images), generator=generator, device=images.device)


def _chance(images: Tensor, probability: float, generator: Generator) -> Tensor:
    return (_uniform(images, generator) < probability).view(-1, 1, 1, 1)


def _jitter(images: Tensor, strength: float, generator: Generator) -> Tensor:
    """Brightness, contrast (about the image's mean gray), saturation (about each pixel's gray), in this order."""
    brightness, contrast, saturation = (
        (1 + strength * (2 * _uniform(images, generator) - 1)).view(-1, 1, 1, 1) for _ in range(3)
    )
    images = images * brightness
    gray = tv.rgb_to_grayscale(images)  # (B, 1, H, W)
    images = torch.lerp(gray.mean((2, 3), keepdim=True), images, contrast)
    gray = tv.rgb_to_grayscale(images)
    return torch.lerp(gray, images, saturation).clamp(0, 1)


def _pad_crop(images: Tensor, pad: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the crops, and the row and column (B,) of the padded image that each begins at."""
    count, _, height, width = images.shape
    padded = torch.nn.functional.pad(images, (pad, pad, pad, pad))
    offsets = torch.randint(0, 2 * pad + 1, (2, count, 1), generator=generator, device=images.device)
    rows = torch.arange(height, device=images.device) + offsets[0]  # (B, H)
    columns = torch.arange(width, device=images.device) + offsets[1]  # (B, W)
    batch = torch.arange(count, device=images.device).view(-1, 1, 1)
    # Indexed as (B, H, W, 3): the order the bytes lie in, so that this stays one contiguous copy.
    crops = padded.permute(0, 2, 3, 1)[batch, rows.unsqueeze(2), columns.unsqueeze(1)].permute(0, 3, 1, 2)
    return crops, offsets[0, :, 0], offsets[1, :, 0]


def _erased(images: Tensor, generator: Generator) -> Tensor:
    """One rectangle an image, as a mask (B, 1, H, W). Sides are clipped to the image instead of drawn again."""
    _, _, height, width = images.shape
    area = (0.02 + 0.38 * _uniform(images, generator)) * height * width
    ratio = torch.exp(math.log(0.3) + (math.log(3.3) - math.log(0.3)) * _uniform(images, generator))
    tall = (area * ratio).sqrt().round().clamp(1, height - 1)
    wide = (area / ratio).sqrt().round().clamp(1, width - 1)
    top = (_uniform(images, generator) * (height - tall + 1)).floor()
    left = (_uniform(images, generator) * (width - wide + 1)).floor()
    rows = torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device)
    in_rows = (rows >= top.unsqueeze(1)) & (rows < (top + tall).unsqueeze(1))  # (B, H)
    in_columns = (columns >= left.unsqueeze(1)) & (columns < (left + wide).unsqueeze(1))  # (B, W)
    return (in_rows.unsqueeze(2) & in_columns.unsqueeze(1)).unsqueeze(1)
