"""Bars for long work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from reseen.data.images.cache import Progress

_PAUSE = 30.0
"""Seconds between two lines where there is no terminal."""


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
