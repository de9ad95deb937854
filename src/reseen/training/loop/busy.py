"""How busy a GPU is in training: the share of the time in which any kernel or copy runs on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

Interval = tuple[float, float]

_MOST = 20
"""Steps that are looked at, and that are left to pass before: the first ones try algorithms and compile."""


class BusyWatch:
    """Looks at some steps of an epoch by PyTorch's profiler, which records each kernel's begin and end.

    Args:
        device: What is trained on; nothing is looked at if it is no CUDA device.
        steps: Of the epoch.

    Attributes:
        share: Of the time in which the device was busy, from 0 to 1, once it is known.
    """

    def __init__(self, device: torch.device, steps: int) -> None:
        self.device, self.done = device, 0
        self.begin, self.end = window(steps)
        self.share: float | None = None
        self._profiler: profile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._profiler is not None:
            self._profiler.stop()

    def step_done(self) -> None:
        """Counts a step."""
        self.done += 1
        if self.device.type != "cuda":
            return
        if self.done == self.begin:
            self._profiler = profile(activities=[ProfilerActivity.CUDA])
            self._profiler.start()
        elif self._profiler is not None and self.done == self.end:
            torch.cuda.synchronize(self.device)
            self._profiler.stop()
            events = self._profiler.events()  # type: ignore[no-untyped-call]
            self.share = busy_share(intervals_of(events or (), "CUDA"))
            self._profiler = None


def window(steps: int) -> tuple[int, int]:
    """Returns after how many steps of an epoch of that length looking begins and ends."""
    begin = min(_MOST, steps // 2)
    return begin, min(steps, begin + _MOST)


def intervals_of(events: Iterable[FunctionEvent], kind: str) -> list[Interval]:
    """Returns begin and end, in microseconds, of what ran on a kind of device; stretches with a name do not count."""
    return [
        (event.time_range.start, event.time_range.end)
        for event in events
        if event.device_type.name == kind and not event.is_user_annotation
    ]


def busy_share(intervals: Iterable[Interval]) -> float | None:
    """Returns which share of the time from the first begin to the last end lies in any of the intervals.

    Args:
        intervals: Begin and end, in any order; they may overlap.

    Returns:
        From 0 to 1; None where there is no time to take a share of.
    """
    ordered = sorted(intervals)
    if not ordered:
        return None
    first, reached = ordered[0][0], ordered[0][0]
    busy = 0.0
    for begin, end in ordered:
        busy += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return busy / (reached - first) if reached > first else None
