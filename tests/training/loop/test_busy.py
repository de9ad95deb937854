"""The share of time that a device is busy, from intervals worked out by hand and from PyTorch's own profiler."""

from __future__ import annotations

import time

import pytest
import torch
from torch.profiler import ProfilerActivity, profile, record_function

from reseen.training.loop.busy import BusyWatch, busy_share, intervals_of, window


@pytest.mark.parametrize(
    ("intervals", "share"),
    [
        ([], None),
        ([(3.0, 3.0)], None),
        ([(2.0, 4.0)], 1.0),
        ([(0.0, 1.0), (3.0, 4.0)], 0.5),
        ([(3.0, 4.0), (0.0, 1.0)], 0.5),  # in any order
        ([(0.0, 6.0), (1.0, 2.0), (5.0, 8.0), (9.0, 10.0)], 0.9),  # one within another, two that overlap
        ([(0.0, 2.0), (2.0, 4.0)], 1.0),
    ],
)
def test_overlaps_count_once_and_gaps_not(intervals: list[tuple[float, float]], share: float | None) -> None:
    assert busy_share(intervals) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("steps", "expected"), [(404, (20, 40)), (40, (20, 40)), (30, (15, 30)), (2, (1, 2)), (0, (0, 0))]
)
def test_the_first_steps_are_left_out(steps: int, expected: tuple[int, int]) -> None:
    assert window(steps) == expected


def test_the_profilers_times_are_read() -> None:
    """Two products with a pause of which nothing runs between them; the stretch around them is a name only."""
    matrix = torch.randn(128, 128)
    with profile(activities=[ProfilerActivity.CPU]) as profiler, record_function("both"):
        matrix @ matrix
        time.sleep(0.2)
        matrix @ matrix
    events = profiler.events()  # type: ignore[no-untyped-call]
    assert events is not None
    intervals = intervals_of(events, "CPU")
    assert intervals_of(events, "CUDA") == []
    share = busy_share(intervals)
    assert share is not None
    assert max(end for _, end in intervals) - min(begin for begin, _ in intervals) >= 0.2e6  # microseconds
    assert share < 0.8


def test_a_processor_is_not_watched() -> None:
    with BusyWatch(torch.device("cpu"), steps=4) as watch:
        for _ in range(4):
            watch.step_done()
    assert watch.share is None
