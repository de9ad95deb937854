"""A share has whole persons, and keeps the proportion of everybody else."""

from __future__ import annotations

from pathlib import Path

from reseen.data.person import PersonImage, Split
from reseen.export.share import share_of


def split() -> Split:
    persons = [PersonImage(Path(f"{pid}-{cam}.jpg"), pid, cam) for pid in range(1, 21) for cam in range(3)]
    others = [PersonImage(Path(f"x{number}.jpg"), number % 2 - 1, 0) for number in range(40)]
    return Split("drawn", (), tuple(persons[::3]), tuple(persons + others))


def test_persons_are_whole() -> None:
    share, note = share_of(split(), 60)  # 120 in all
    chosen = {image.pid for image in share.query}
    assert chosen == set(range(1, 21, 2))
    assert sum(image.pid > 0 for image in share.gallery) == 3 * len(chosen)
    assert sum(image.pid <= 0 for image in share.gallery) == 20
    assert note == " (10 of its 20 persons: figures on fewer are higher)"


def test_what_is_small_enough_is_left_whole() -> None:
    assert share_of(split(), 120) == (split(), "")
