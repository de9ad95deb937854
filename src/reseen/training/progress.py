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
    if not console.is_terminal:
        console.print(f"{title} …", highlight=False)
    with progress_bar(console) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


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
