"""What is printed can be copied: paths stay whole, and brackets are no markup."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from reseen import console


def test_a_written_path_stays_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=file, width=20))
    console.say_written(Path("a/long/way/down/to/[red]file.png"), Path("b"))
    assert file.getvalue() == "wrote a/long/way/down/to/[red]file.png\nwrote b\n"


def test_a_note_is_said_beside_the_result_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=file, width=80))
    console.note("")
    console.note("[bold] 3 images")
    assert file.getvalue() == "[bold] 3 images\n"


def test_a_text_file_gets_its_folder_and_ends_its_line(tmp_path: Path) -> None:
    console.write(tmp_path / "new" / "folder" / "a.json", "{}")
    assert (tmp_path / "new" / "folder" / "a.json").read_text() == "{}\n"
