"""Bars for long work: what does the work tells how far it is, and whoever has a console shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

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
    """Shows a bar with the time left and yields the function that moves it; without a terminal, lines now and then."""
    said: float | None = None
    with progress_bar(console) as bar:
        task = bar.add_task(title, total=None)

        def move(done: int, total: int) -> None:
            nonlocal said
            now = time.monotonic()
            if not console.is_terminal and (said is None or now - said > _PAUSE):
                at = f"{total:,} …" if said is None else f"{done:,} of {total:,}"
                console.print(f"{title}: {at}", highlight=False)
                said = now
            bar.update(task, completed=done, total=total)

        yield move


def progress_bar(console: Console) -> Bar:
    """Returns a bar in the style all long work here has."""
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
