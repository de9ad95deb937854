"""From decoded pixels to what a system takes in: the one way for training and embedding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as tv

from reseen.data.batch import PersonBatch
from reseen.data.images import keypoints as joints
from reseen.data.images.size import Size
from reseen.data.images.transforms import Augmentation, augment, normalize, to_float

NO_SIZES: Mapping[str, Size] = MappingProxyType({})


def prepare(
    pixels: Tensor,
    size: Size,
    *,
    augmentation: Augmentation | None = None,
    generator: Generator | None = None,
    keypoints: Tensor | None = None,
    extra_sizes: Mapping[str, Size] = NO_SIZES,
) -> PersonBatch:
    """Returns B pictures with their joints, resized, changed for training if asked for, and normalised.

    A system that wants the same pictures at further sizes gets them of one augmentation: it happens at the size of
    ``pixels``, from which all sizes are then made. So decode at the `largest` of them.

    Args:
        pixels: (B, H, W, 3) uint8.
        size: (h, w) of the images.
        augmentation: What training changes, or None.
        generator: Source of its randomness, on the device of the pixels.
        keypoints: (B, 18, 3) x, y in ``pixels`` and confidence, or None.
        extra_sizes: (h, w) of each further view by name.
    """
    decoded = (pixels.shape[1], pixels.shape[2])
    first = decoded if extra_sizes else size
    images, keypoints = to_float(pixels, first), _rescaled(keypoints, decoded, first)
    if augmentation is not None:
        assert generator is not None
        images, keypoints = augment(images, augmentation, generator, keypoints)
    return PersonBatch(
        normalize(_resized(images, size)),
        keypoints=_rescaled(keypoints, first, size),
        views={name: normalize(_resized(images, extra)) for name, extra in extra_sizes.items()},
    )


def largest(size: Size, extra_sizes: Mapping[str, Size]) -> Size:
    """Returns the size to decode pictures at: enough for every size that is made of it."""
    heights, widths = zip(size, *extra_sizes.values(), strict=True)
    return max(heights), max(widths)


def mirrored(batch: PersonBatch) -> PersonBatch:
    """Returns the mirror images of a batch, with their joints."""
    keypoints = batch.keypoints
    return replace(
        batch,
        images=_mirror(batch.images),
        keypoints=None if keypoints is None else joints.mirror(keypoints, batch.images.shape[-1]),
        views={name: _mirror(images) for name, images in batch.views.items()},
    )


def blank(size: Size, extra_sizes: Mapping[str, Size] = NO_SIZES, device: torch.device | None = None) -> PersonBatch:
    """Returns one picture of nothing, to see what a system gives."""
    return prepare(torch.zeros(1, *size, 3, dtype=torch.uint8, device=device), size, extra_sizes=extra_sizes)


def _mirror(images: Tensor) -> Tensor:
    return images.flip(-1).contiguous(memory_format=torch.channels_last)


def _resized(images: Tensor, size: Size) -> Tensor:
    if tuple(images.shape[-2:]) == size:
        return images
    result: Tensor = tv.resize(images, list(size), antialias=True)
    return result


def _rescaled(keypoints: Tensor | None, old: Size, new: Size) -> Tensor | None:
    if keypoints is None or old == new:
        return keypoints
    return joints.rescale(keypoints, keypoints.new_tensor(old), new)
