"""Where a system runs."""

from __future__ import annotations

import torch

from reseen.errors import ReseenError


def device_of(name: str) -> torch.device:
    """Returns a device that is there.

    Args:
        name: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; ``auto`` takes what is there.

    Raises:
        ReseenError: If there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ReseenError(f"--device {name}: {str(error).splitlines()[0]}") from error
    return device
