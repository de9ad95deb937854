"""What is shown of long work."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from reseen import progress


def test_without_a_terminal_a_line_is_written_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.progress_of(Console(file=file, width=100), "rendering") as move:
        for now[0], done in ((7.0, 200), (27.0, 400), (47.0, 600), (107.0, 1800)):  # 200 were there before
            move(done, 2000)
    assert file.getvalue().split("\n") == [
        "rendering: 2,000 …",
        "rendering: 600 of 2,000, 10.0 a second, 0:02:20 left",
        "rendering: 1,800 of 2,000, 20.0 a second, 0:00:10 left",
        "",
    ]


def test_short_work_is_one_line() -> None:
    file = io.StringIO()
    with progress.progress_of(Console(file=file), "rendering") as move:
        for done in range(2001):
            move(done, 2000)
    assert file.getvalue() == "rendering: 2,000 …\n"
