"""Which number format a device is fast in."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["32-true", "bf16-mixed"]


def runs_bfloat16(device: torch.device) -> bool:
    """Whether a device computes in bfloat16 itself; processors that imitate it are several times slower by it."""
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return device.type == "cuda"


def precision_on(accelerator: str, stated: Precision | Literal["auto"]) -> Precision:
    """Returns the number format to train in, as Lightning calls it; ``auto`` is what the device is fast in.

    Args:
        accelerator: Lightning's name of the device kind.
        stated: What was asked for.
    """
    if stated != "auto":
        return stated
    on_gpu = torch.cuda.is_available() and accelerator in ("auto", "gpu", "cuda")
    return "bf16-mixed" if runs_bfloat16(torch.device("cuda" if on_gpu else "cpu")) else "32-true"


def tune(device: torch.device) -> None:
    """Lets a GPU try which way of computing a convolution is fastest: pictures in training all have one size."""
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
