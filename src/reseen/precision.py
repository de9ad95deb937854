"""Which number format a device is fast in."""

from __future__ import annotations

import torch


def runs_bfloat16(device: torch.device) -> bool:
    """Whether a device computes in bfloat16 itself; processors that imitate it are several times slower by it."""
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return device.type == "cuda"


def tune(device: torch.device) -> None:
    """Lets a GPU try which way of computing a convolution is fastest: pictures in training all have one size."""
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
