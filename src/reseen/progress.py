"""Bars for long work: what does the work tells how far it is, and whoever has a console shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""
Bars = Callable[[str], AbstractContextManager[Progress | None]]
"""Opens a bar of a title, for work that has several stretches: ``partial(progress_of, console)``, or `silent`."""

_PAUSE = 30.0
"""Seconds between two lines where there is no terminal."""


def silent(title: str) -> AbstractContextManager[None]:
    """Shows nothing."""
    return nullcontext()


@contextmanager
def progress_of(console: Console, title: str) -> Iterator[Progress]:
    """Shows a bar with the rate and the time left and yields what moves it; without a terminal, lines now and then.

    The first call says where the work begins: what was done before is not counted. A line's rate is that since the line
    before, so that what came first (a network's first batch, a compiler) does not stay in it.
    """
    said: tuple[float, int] | None = None
    with progress_bar(console) as bar:
        task = bar.add_task(title, total=None)

        def move(done: int, total: int) -> None:
            nonlocal said
            now = time.monotonic()
            if not console.is_terminal and (said is None or now - said[0] > _PAUSE):
                at = f"{total:,} …" if said is None else f"{done:,} of {total:,}{_pace(done, total, said, now)}"
                console.print(f"{title}: {at}", highlight=False)
                said = now, done
            bar.update(task, completed=done, total=total)

        yield move


def _pace(done: int, total: int, said: tuple[float, int], now: float) -> str:
    """Returns how many a second there have been since something was said, and how long the rest takes at this rate."""
    start, before = said
    if done <= before or now <= start:
        return ""
    rate = (done - before) / (now - start)
    return f", {rate:,.1f} a second, {timedelta(seconds=round((total - done) / rate))} left"


class _Rate(ProgressColumn):
    """How many a second there are at present."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.1f}/s")


def progress_bar(console: Console) -> Bar:
    """Returns a bar in the style all long work here has."""
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
