"""A batch of images on the device, and what comes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from torch import Tensor

_NOTHING: Mapping[str, Tensor] = MappingProxyType({})

TAUGHT_DESCRIPTOR = "descriptor"
"""Name of a teacher's descriptors (B, D) in `PersonBatch.taught`."""


def taught_attribute(name: str) -> str:
    """Returns the name of a teacher's probabilities (B, classes) of an attribute in `PersonBatch.taught`."""
    return f"attribute/{name}"


@dataclass(frozen=True, slots=True)
class PersonBatch:
    """B images, and whatever is known about them.

    Attributes:
        images: (B, 3, H, W) normalised float images.
        labels: (B,) identity class indices (sorted label map of the training pids), or None.
        camids: (B,) camera ids, or None.
        attributes: (B, L) labels in the columns of `AttributeSchema.encode`, -1 = unknown, or None.
        keypoints: (B, 18, 3) joints of `COCO18`: x, y in pixels of ``images`` and confidence, or None.
        views: (B, 3, h, w) the same pictures at further sizes, by the name under which a system asks for them with
            its ``extra_sizes``.
        triplets: (T, 3) rows of anchor, positive and negative, where the batch was drawn as triplets; else None.
        given: (B, ...) what the system's ``fixed`` has told of these pictures beforehand, by name; it then needs no
            ``views``.
        taught: (B, ...) what a teacher has told of these pictures beforehand, by name.
        wants_maps: Whether anybody will look at the maps of these pictures; those that cost much may else be left out.
    """

    images: Tensor
    labels: Tensor | None = None
    camids: Tensor | None = None
    attributes: Tensor | None = None
    keypoints: Tensor | None = None
    views: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    triplets: Tensor | None = None
    given: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    taught: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    wants_maps: bool = True
