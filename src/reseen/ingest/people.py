"""Where persons are in a picture, and the crops that show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Pixels = NDArray[np.uint8]
"""(H, W, 3) RGB."""
Boxes = NDArray[np.float32]
"""(N, 4) left, top, right and bottom in pixels of a picture; right and bottom lie just outside."""

_AROUND = 0.04
"""Of a box's height, kept around it: detectors cut off hair and heels."""
_WITHIN, _TALLER = 0.5, 1.5
"""At least as much of a fragment's box lies in the whole person's, which is as many times as tall."""


@dataclass(frozen=True, eq=False, slots=True)
class People:
    """The persons that a detector sees in a picture.

    Attributes:
        boxes: (N, 4) left, top, right and bottom in pixels.
        confidence: (N,) from 0 to 1; from 0.5 on it is rather a person than not.
    """

    boxes: Boxes
    confidence: NDArray[np.float32]

    @classmethod
    def of(cls, boxes: ArrayLike, confidence: ArrayLike) -> People:
        """Makes one of whatever numbers there are, none too."""
        return cls(np.asarray(boxes, np.float32).reshape(-1, 4), np.asarray(confidence, np.float32).reshape(-1))

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, chosen: ArrayLike) -> People:
        """Returns some of them, chosen by number or by a mask."""
        rows = np.asarray(chosen)
        rows = rows if rows.dtype == bool else rows.astype(np.int64)
        return People(self.boxes[rows], self.confidence[rows])

    def sure(self, least: float) -> People:
        """Returns those of at least some confidence."""
        return self[self.confidence >= least]

    def inside(self, picture: Pixels) -> People:
        """Returns those of which something is in the picture, their boxes cut off at its edges."""
        height, width = picture.shape[:2]
        boxes = self.boxes.clip(0, np.array([width, height, width, height], np.float32))
        return People(boxes, self.confidence)[(boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)]

    def apart(self, most: float) -> People:
        """Returns the most confident ones, no two of which overlap more than ``most`` (their IoU)."""
        import torch
        from torchvision.ops import nms

        return self[nms(torch.from_numpy(self.boxes), torch.from_numpy(self.confidence), most).numpy()]

    def whole(self) -> People:
        """Returns all but fragments: boxes that lie within one that is more confident and a good deal taller."""
        left, top, right, bottom = self.boxes.T
        across = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
        along = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
        within = across.clip(0) * along.clip(0) >= _WITHIN * ((right - left) * (bottom - top))[:, None]
        taller = (bottom - top)[None] > _TALLER * (bottom - top)[:, None]
        surer = self.confidence[None] > self.confidence[:, None]
        return self[~(within & taller & surer).any(axis=1)]


def crop_of(picture: Pixels, box: NDArray[np.float32]) -> Pixels:
    """Cuts one person out, with a little around them.

    Args:
        picture: (H, W, 3) what the box was found in.
        box: (4,) left, top, right, bottom.

    Returns:
        (h, w, 3) a view of the picture.
    """
    margin = _AROUND * (box[3] - box[1])
    left, top = np.floor(box[:2] - margin).clip(0).astype(int)
    right, bottom = np.ceil(box[2:] + margin).astype(int)
    return picture[top:bottom, left:right]
