"""A training set in memory: pixels and labels, gathered by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from reseen.data.attributes import AttributeSchema
from reseen.data.cache import CachedImages
from reseen.data.person import sorted_label_map


class TrainingImages:
    """Pixels and labels of N images.

    Args:
        cached: The decoded images.
        schema: The attributes to learn, or None.

    Attributes:
        pids: (N,) labels 0…C-1 in ascending order of person id.
        label_of: Label by person id.
    """

    def __init__(self, cached: CachedImages, schema: AttributeSchema | None) -> None:
        self.cached = cached
        self.label_of = sorted_label_map(cached.images)
        self.labels = torch.tensor([self.label_of[image.pid] for image in cached.images])
        self.camids = torch.tensor([image.camid for image in cached.images])
        self.attributes = (
            None if schema is None else torch.from_numpy(schema.encode([image.attributes for image in cached.images]))
        )
        self._resident: Tensor | None = None

    def __len__(self) -> int:
        return len(self.cached.images)

    def reside_on(self, device: torch.device) -> None:
        """Copies all pixels to a device once, so that batches are gathered there."""
        if self._resident is None or self._resident.device != device:
            self._resident = torch.from_numpy(np.array(self.cached.pixels)).to(device)

    def pixels(self, rows: Sequence[int], device: torch.device) -> Tensor:
        """Returns uint8 pixels (B, H, W, 3) on the device."""
        if self._resident is not None:
            return self._resident[torch.tensor(rows, device=self._resident.device)].to(device)
        return torch.from_numpy(self.cached.pixels[np.asarray(rows)]).to(device, non_blocking=True)
