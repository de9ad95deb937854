"""What is shown of long work."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from reseen import progress


def test_without_a_terminal_a_line_is_written_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(progress, "_PAUSE", 0.0)
    with progress.progress_of(Console(file=file), "rendering") as move:
        for done in (0, 500, 1200):
            move(done, 2000)
    assert file.getvalue().split("\n") == [
        "rendering: 2,000 …",
        "rendering: 500 of 2,000",
        "rendering: 1,200 of 2,000",
        "",
    ]


def test_short_work_is_one_line() -> None:
    file = io.StringIO()
    with progress.progress_of(Console(file=file), "rendering") as move:
        for done in range(2001):
            move(done, 2000)
    assert file.getvalue() == "rendering: 2,000 …\n"
