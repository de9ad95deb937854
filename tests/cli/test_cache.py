"""What is kept is shown, and cleared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calls import run


def test_cache_is_shown_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "abc-64x32.npy").write_bytes(bytes(2_000_000))
    assert "abc-64x32" in run("cache", "show").stdout
    assert "deleted 0 " in run("cache", "clear", "--older-than", "1d").stdout
    assert "deleted 1 of what was kept, 2.0 MB" in run("cache", "clear").stdout
    assert not list((tmp_path / "images").iterdir())
    assert "write a number and h, d or w" in str(run("cache", "clear", "--older-than", "week").exception)
