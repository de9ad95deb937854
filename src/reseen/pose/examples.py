"""What a pose network learns from: crops of one person each, with the joints of whoever is in them, as far as known."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from reseen.data.images.cache import CachedImages
from reseen.data.images.keypoints import keypoints_of
from reseen.data.images.size import Size
from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.data.spread import spread
from reseen.pose.coco import CocoImage, CocoKeypoints

_LEAST = 5
"""Joints of a person in COCO that a crop is made of."""
_AROUND = 0.1
"""What a crop shows around COCO's box on each side, as a share of its height."""


class Examples(NamedTuple):
    """B crops of one size.

    Attributes:
        pixels: (B, H, W, 3) uint8.
        persons: (B, P, 18, 3) x, y in the pixels and confidence, all 0 where there is nobody.
        known: (B,) whether the joints are; where they are not, a teacher has to tell.
        weight: (B, 1, H, W): W, 0 where persons are not annotated.
    """

    pixels: Tensor
    persons: Tensor
    known: Tensor
    weight: Tensor


class PoseExamples(Protocol):
    """Gives examples by number."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Keys of the data sets that the persons are from."""

    @property
    def known(self) -> Tensor:
        """(N,) whose joints are; a teacher has to tell those of others."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Sequence[int]) -> Examples: ...


class PersonExamples:
    """Person images; those with joints are learnt from as they are, the others need a teacher.

    Args:
        cached: The images, decoded to one size.
        datasets: Keys of the data sets they are from.
    """

    def __init__(self, cached: CachedImages, datasets: tuple[str, ...] = ()) -> None:
        self.datasets = datasets
        self._pixels, size = cached.pixels, (cached.pixels.shape[1], cached.pixels.shape[2])
        points = keypoints_of(cached.images, cached.sizes, size)
        self._points = torch.zeros(len(cached.images), len(COCO18), 3) if points is None else points
        self.known = torch.tensor([image.keypoints is not None for image in cached.images])

    def __len__(self) -> int:
        return len(self.known)

    def __getitem__(self, rows: Sequence[int]) -> Examples:
        pixels = torch.from_numpy(self._pixels[np.asarray(rows)])
        chosen = list(rows)
        return Examples(pixels, self._points[chosen][:, None], self.known[chosen], _ones(pixels))


@dataclass(frozen=True)
class _Crop:
    image: CocoImage
    box: tuple[float, float, float, float]


class CocoExamples:
    """A crop of every person in COCO with five joints or more; others who reach into it are annotated, or masked.

    Args:
        keypoints: Of the file ``person_keypoints_*.json``.
        folder: Of its pictures.
        size: (H, W) of the crops.
        most: At most so many of them, spread over the file; None for all.
    """

    datasets: tuple[str, ...] = ("coco",)

    def __init__(self, keypoints: CocoKeypoints, folder: Path, size: Size, most: int | None = None) -> None:
        self.folder, self.size = folder, size
        crops = [
            _Crop(image, _widened(box, size))
            for image in keypoints.images
            for box, points in zip(image.boxes, image.persons, strict=True)
            if (points[:, 2] > 0).sum() >= _LEAST
        ]
        self._crops = spread(crops, most)
        self.known = torch.ones(len(self._crops), dtype=torch.bool)

    def __len__(self) -> int:
        return len(self._crops)

    def __getitem__(self, rows: Sequence[int]) -> Examples:
        with ThreadPoolExecutor() as pool:
            made = list(pool.map(self._example, (self._crops[row] for row in rows)))
        pixels, persons, weights = zip(*made, strict=True)
        return Examples(
            torch.from_numpy(np.stack(pixels)),
            torch.cat(_padded([torch.from_numpy(each)[None] for each in persons])),
            self.known[list(rows)],
            torch.from_numpy(np.stack(weights))[:, None],
        )

    def _example(self, crop: _Crop) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        height, width = self.size
        left, top, right, bottom = crop.box
        picture = PersonImage(self.folder / crop.image.name).open()
        pixels = picture.transform((width, height), Image.Transform.EXTENT, crop.box, Image.Resampling.BILINEAR)
        missing = Image.fromarray(1 - crop.image.mask())
        covered = np.asarray(missing.transform((width, height), Image.Transform.EXTENT, crop.box))
        persons = crop.image.persons.copy()
        scale = np.array([width / (right - left), height / (bottom - top)], np.float32)
        persons[..., :2] = (persons[..., :2] + 0.5 - np.array([left, top], np.float32)) * scale - 0.5
        return np.asarray(pixels, np.uint8), persons, 1 - covered


class JoinedExamples:
    """Those of several sources, one source after the other.

    Args:
        sources: Whose crops have one size.
    """

    def __init__(self, sources: Sequence[PoseExamples]) -> None:
        self._sources = sources
        self._starts = np.cumsum([0, *map(len, sources)])
        self.datasets = tuple(dict.fromkeys(key for source in sources for key in source.datasets))
        self.known = torch.cat([source.known for source in sources])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: Sequence[int]) -> Examples:
        wanted = np.asarray(rows)
        owners = np.searchsorted(self._starts, wanted, side="right") - 1
        places = [np.flatnonzero(owners == owner) for owner in range(len(self._sources))]
        parts = [
            source[(wanted[own] - start).tolist()]
            for source, start, own in zip(self._sources, self._starts[:-1], places, strict=True)
            if len(own)
        ]
        pixels, persons, known, weights = zip(*parts, strict=True)
        back = torch.from_numpy(np.argsort(np.concatenate(places)))
        joined = (torch.cat(pixels), torch.cat(_padded(persons)), torch.cat(known), torch.cat(weights))
        return Examples(*(each[back] for each in joined))


def _padded(persons: Sequence[Tensor]) -> list[Tensor]:
    """Returns joints (B, P, 18, 3) of as many persons each as the most have: those who are not there are 0."""
    most = max(each.shape[1] for each in persons)
    return [functional.pad(each, (0, 0, 0, 0, 0, most - each.shape[1])) for each in persons]


def _widened(box: NDArray[np.float32], size: Size) -> tuple[float, float, float, float]:
    """Returns left, top, right, bottom of a box with something around it, in the shape of the crops."""
    left, top, width, height = (float(value) for value in box)
    tall = max(height * (1 + 2 * _AROUND), width * (1 + 2 * _AROUND) * size[0] / size[1], 1.0)
    wide = tall * size[1] / size[0]
    x, y = left + width / 2, top + height / 2
    return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2


def _ones(pixels: Tensor) -> Tensor:
    return torch.ones(len(pixels), 1, *pixels.shape[1:3])
