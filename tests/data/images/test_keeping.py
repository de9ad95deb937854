"""What is kept is listed, and what was used longest ago goes first."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from reseen.data.images.keeping import bound, clear, kept

DAY = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three decoded sets of 100, 200 and 300 bytes and a rendered one, used 1, 2, 3 and 9 days ago."""
    for name, size, days in (("a", 100, 1), ("b", 200, 2), ("c", 300, 3)):
        for suffix in (".npy", ".json"):
            write(tmp_path / "images" / f"{name}-64x32{suffix}", size // 2, days)
    write(tmp_path / "rendered" / "d" / "query" / "0001.jpg", 50, 9)
    return tmp_path


def write(path: Path, size: int, days: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - days * DAY,) * 2)


def listed(home: Path) -> list[tuple[str, str, int]]:
    return [(each.kind, each.name, each.size) for each in kept(home)]


def test_weights_that_the_user_keeps_there_are_left_alone(home: Path) -> None:
    write(home / "weights" / "resnet50.safetensors", 10, 99)
    clear(home)
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["resnet50.safetensors"]


def test_everything_is_listed_last_used_first(home: Path) -> None:
    assert listed(home) == [
        ("images", "a-64x32", 100),
        ("images", "b-64x32", 200),
        ("images", "c-64x32", 300),
        ("rendered", "d", 50),
    ]
    assert not kept(home / "nothing")


@pytest.mark.parametrize(("days", "left"), [(0, 0), (1.5, 1), (2.5, 2), (5, 3), (30, 4)])
def test_only_what_is_older_is_cleared(home: Path, days: float, left: int) -> None:
    assert len(clear(home, older_than=days * DAY)) == 4 - left
    assert len(kept(home)) == left


@pytest.mark.parametrize(("limit", "left"), [(600, "abc"), (599, "ab"), (299, "a"), (1, "a")])
def test_the_oldest_pictures_go_until_the_limit_holds(home: Path, limit: int, left: str) -> None:
    bound(home, limit)
    assert "".join(name[0] for kind, name, _ in listed(home) if kind == "images") == left
    assert (home / "rendered" / "d").is_dir(), "only decoded pictures are bounded"
