"""Bars for long work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from reseen.data.cache import Progress


@contextmanager
def progress_of(console: Console, title: str) -> Iterator[Progress]:
    """Shows a bar with the time left and yields the function that moves it; without a terminal, one line."""
    said = console.is_terminal
    with progress_bar(console) as bar:
        task = bar.add_task(title, total=None)

        def move(done: int, total: int) -> None:
            nonlocal said
            if not said:
                console.print(f"{title}: {total:,} …", highlight=False)
                said = True
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
