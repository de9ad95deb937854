"""A batch of training images on the device, and what its labels mean."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class PersonBatch:
    """B images with labels.

    Attributes:
        images: (B, 3, H, W) normalised float images.
        labels: (B,) identity class indices (sorted label map of the training pids), or None.
        camids: (B,) camera ids, or None.
        attributes: (B, L) labels in the columns of `AttributeSchema.encode`, -1 = unknown, or None.
    """

    images: Tensor
    labels: Tensor | None = None
    camids: Tensor | None = None
    attributes: Tensor | None = None
