"""Where every command prints, and how it says what it has written."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

out = Console()
err = Console(stderr=True)


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
