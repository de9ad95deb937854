"""A first look at many descriptors in half the memory, which leaves out only those that are certainly too far away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reseen.precision import runs_bfloat16

_CHUNK = 8192
"""Descriptors moved at a time."""
_UNIT = 2.0**-8
"""No number is off by more than this share of itself in bfloat16."""


@dataclass(frozen=True, eq=False)
class Coarse:
    """Descriptors in bfloat16, less a common centre, as distances do not change by it. What is read is what takes time.

    Attributes:
        centre: (d,) what was taken off.
        features: (N, d) bfloat16.
        squares: (N,) squared lengths of what is left, exactly.
    """

    centre: NDArray[np.float32]
    features: Tensor
    squares: NDArray[np.float32]

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> Coarse | None:
        """Returns the same descriptors (N, d) coarsely; None where bfloat16 is imitated, and so no faster."""
        if not len(features) or not runs_bfloat16(torch.device("cpu")):
            return None
        centre = np.einsum("nd->d", features, dtype=np.float64) / len(features)
        none = torch.empty((0, features.shape[1]), dtype=torch.bfloat16)
        return cls(centre.astype(np.float32), none, np.empty(0, dtype=np.float32)).with_more(features)

    def with_more(self, features: NDArray[np.float32]) -> Coarse:
        """Returns these and more descriptors (n, d)."""
        kept = len(self.squares)
        coarse = torch.empty((kept + len(features), features.shape[1]), dtype=torch.bfloat16)
        squares = np.empty(len(coarse), dtype=np.float32)
        coarse[:kept], squares[:kept] = self.features, self.squares
        for start in range(0, len(features), _CHUNK):
            moved = features[start : start + _CHUNK] - self.centre
            rows = slice(kept + start, kept + start + len(moved))
            coarse[rows] = torch.from_numpy(moved)
            np.einsum("nd,nd->n", moved, moved, out=squares[rows])
        return Coarse(self.centre, coarse, squares)

    def near(self, point: NDArray[np.float32], mask: NDArray[np.bool_] | None, top: int) -> NDArray[np.int64]:
        """Returns the rows (n,) that can be among the nearest ones: all that are, and a few more.

        Args:
            point: (d,) where to search.
            mask: (N,) which rows may be found, at least ``top``; None for all.
            top: How many are looked for.
        """
        moved = point - self.centre
        dots = (self.features @ torch.from_numpy(moved).bfloat16()).float().numpy()
        rough = self.squares - 2 * dots
        if mask is not None:
            rough = np.where(mask, rough, np.inf)
        # Each factor of a product is rounded, and their sum: |dot - exact| <= 3 u |q| |g|, and a little for what
        # is of second order and for adding in float32. Two rough squares, each off by twice that, may be swapped.
        off = 2 * 3.1 * _UNIT * float(np.linalg.norm(moved)) * float(np.sqrt(self.squares.max()))
        return np.flatnonzero(rough <= np.partition(rough, top - 1)[top - 1] + 2 * off)
