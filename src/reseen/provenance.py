"""Where a result comes from: by which code and weights, on which machine, in how long."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import resource
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


def provenance(*, seconds: float, device: str, seed: int | None = None) -> dict[str, Any]:
    """Returns what a reader needs to judge or repeat a result, as JSON can hold it; no names of hosts or users.

    Args:
        seconds: Wall time the result took.
        device: Where it was computed, such as ``cpu`` or ``cuda:0``.
        seed: Seed of everything random, where something is.

    Returns:
        ``commit`` (None for a released package), ``seed`` if there is one, ``device``, ``hardware``, ``versions``,
        ``wall_seconds``, ``peak_memory_bytes``.
    """
    import torch  # results come from it, so it is loaded by now; `reseen --help` has no use for it

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "commit": commit(),
        **({} if seed is None else {"seed": seed}),
        "device": device,
        "hardware": {"cpu": _cpu(), "cores": _cores(), "gpus": gpus},
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "reseen": _version(),
        },
        "wall_seconds": round(seconds, 1),
        "peak_memory_bytes": peak_memory(),
    }


def weights_digest(network: nn.Module) -> str:
    """Returns a hash that tells a network's weights and buffers, with their names, from all others."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def restart_peak_memory() -> None:
    """Lets `peak_memory` count from here on, as far as the system can: a process may make several results."""
    import torch

    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: VmHWM becomes what is held now
    for index in range(torch.cuda.device_count() if torch.cuda.is_initialized() else 0):  # type: ignore[no-untyped-call]
        torch.cuda.reset_peak_memory_stats(index)


def peak_memory() -> dict[str, int]:
    """Returns the most memory that this process has held at once, in bytes.

    Returns:
        ``process``: main memory; ``gpu``, if one was used: PyTorch's tensors on the fullest.
    """
    import torch

    gpu = max((torch.cuda.max_memory_allocated(index) for index in range(torch.cuda.device_count())), default=0)
    return {"process": _peak_of_process(), **({"gpu": gpu} if gpu else {})}


def _peak_of_process() -> int:
    """Returns Linux's high-water mark, which can be set back, or else that of the whole process's life."""
    try:
        if found := re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE):
            return 1024 * int(found[1])
    except OSError:
        pass
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else 1024 * largest


@functools.cache
def commit() -> str | None:
    """Returns the commit of the code's checkout, ``-dirty`` with changes on top, or None without a checkout.

    It is looked up once: a checkout may move on while the code that was loaded from it runs for hours.
    """
    try:
        # An installed package may lie inside somebody else's checkout, whose commit says nothing about it.
        _git("ls-files", "--error-unmatch", Path(__file__).name)
        return _git("describe", "--always", "--dirty", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def _version() -> str | None:
    """Returns the installed package's version; a bare checkout on the path has its commit alone."""
    try:
        return version("reseen")
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=5
    )
    return done.stdout.strip()


def _cpu() -> str:
    """Returns the processor's name; `platform` knows only its architecture on most systems."""
    try:
        if platform.system() == "Darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, subprocess.SubprocessError, StopIteration):
        return platform.processor() or platform.machine()


def _cores() -> int:
    """Returns how many cores this process may use, which in a container are not all there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
