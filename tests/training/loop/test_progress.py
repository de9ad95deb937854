"""Without a terminal a line every half minute, with the time left; in a terminal a bar."""

from __future__ import annotations

import io
import time

import pytest
import torch
from rich.console import Console

from reseen.training.loop.progress import TrainingProgress


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def lines(clock: Clock, *, seconds_a_step: float, first: int = 0, shown: bool = True) -> list[str]:
    """What is printed over two epochs of 10 steps, from the given step of the first one on."""
    file = io.StringIO()
    with TrainingProgress(Console(file=file, width=200), "tiny", epochs=2, shown=shown) as progress:
        for step in range(first, 20):
            clock.now += seconds_a_step
            progress.move(step // 10, step % 10 + 1, 10, torch.tensor(2.5, requires_grad=True))
    return file.getvalue().splitlines()


def test_a_line_every_half_minute_says_how_long_it_still_takes(clock: Clock) -> None:
    """12 s a step: the third step is the first after 30 s, and 17 steps of 12 s are 3.4 minutes."""
    told = lines(clock, seconds_a_step=12)
    assert len(told) == 6
    assert told[0] == "tiny, epoch 1/2, loss 2.500, batch 3/10, 3 min left"
    assert told[-1] == "tiny, epoch 2/2, loss 2.500, batch 8/10, 0 min left"


def test_the_time_left_of_a_resumed_run_counts_its_own_steps_alone(clock: Clock) -> None:
    """From the sixth step on at 60 s a step: after one of them 14 are left, not 60 / 6 · 14 s."""
    assert lines(clock, seconds_a_step=60, first=5)[0].endswith("batch 6/10, 14 min left")


def test_short_work_and_other_processes_print_nothing(clock: Clock) -> None:
    assert lines(clock, seconds_a_step=1) == []
    assert lines(clock, seconds_a_step=60, shown=False) == []


def test_in_a_terminal_a_bar_moves(clock: Clock) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=120)
    with TrainingProgress(console, "tiny", epochs=2, shown=True) as progress:
        for step in range(10):
            progress.move(0, step + 1, 10, torch.tensor(2.5))
        assert progress.bar is not None
        (task,) = progress.bar.tasks
        assert (task.completed, task.total) == (10, 20)
        assert task.description == "tiny, epoch 1/2, loss 2.500"
    assert progress.bar.live.is_started is False
