"""Where every command prints, and how it says what it has written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from reseen.errors import ReseenError

out = Console()
err = Console(stderr=True)


def run(command: Callable[[], object]) -> None:
    """Runs a command; mistakes of the user end in one line and exit code 2."""
    try:
        command()
    except (ReseenError, OSError) as error:
        err.print("[bold red]error:[/] ", end="")
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)


def write(path: Path, text: str) -> None:
    """Writes a text file, its folder too if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def note(text: str) -> None:
    """Says beside the result what a reader of it should know; nothing if there is nothing to say."""
    if text:
        err.print(text, highlight=False, markup=False)


def say_written(*paths: Path) -> None:
    """Says where files lie, each in a line that can be copied."""
    for path in paths:
        out.print(f"wrote {path}", highlight=False, soft_wrap=True, markup=False)
