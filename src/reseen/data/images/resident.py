"""Decoded pictures on the GPU that computes with them, so that no step waits for main memory."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SHARE = 0.5
"""Of a GPU's free memory that pictures may take; the rest is the network's."""


def resident(pixels: NDArray[np.uint8], device: torch.device) -> Tensor | None:
    """Returns all pictures (N, H, W, 3) on a CUDA device; None if it is none, or they would take too much of it."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return torch.from_numpy(np.array(pixels)).to(device) if fits(pixels.nbytes, free) else None


def fits(size: int, free: int) -> bool:
    """Whether pictures of so many bytes may lie on a device that has so many bytes free."""
    return size <= SHARE * free


def sent(values: Tensor, device: torch.device) -> Tensor:
    """Returns a tensor on a device; on its way to a GPU nobody waits for it."""
    if device.type == "cuda" and values.device.type == "cpu":
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)
