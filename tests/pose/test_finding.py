"""A file of joints grows, and what stands in it is not looked for again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reseen.data.annotations.joints_file import read_joints, source_of, write_joints
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.pose import finding
from reseen.pose.finding import find_joints


class Counting:
    """Numbers images as they are asked for, and may be interrupted."""

    name = "counting"

    def __init__(self, most: int = 1000) -> None:
        self.asked: list[str] = []
        self.most = most

    def joints(self, images: Sequence[PersonImage]) -> np.ndarray:
        if len(self.asked) >= self.most:
            raise KeyboardInterrupt
        self.asked += [image.name for image in images]
        return np.stack([np.full((18, 3), int(Path(image.name).stem), np.float32) for image in images])


def images(count: int) -> list[PersonImage]:
    return [PersonImage(Path(f"{number}.png"), 1, 1) for number in range(count)]


def test_joints_of_all_images_are_written_in_order(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = find_joints(images(5), Counting(), tmp_path / "j", batch_size=2, progress=lambda *at: told.append(at))
    assert (made, told) == (5, [(2, 5), (4, 5), (5, 5)])
    found = read_joints(tmp_path / "j")
    assert {name: int(points[0, 0]) for name, points in found.items()} == {f"{n}.png": n for n in range(5)}
    assert source_of(tmp_path / "j") == "counting"


def test_what_was_interrupted_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_KEPT", 2)
    with pytest.raises(KeyboardInterrupt):
        find_joints(images(7), Counting(most=5), tmp_path / "j", batch_size=1)
    assert list(read_joints(tmp_path / "j")) == [f"{number}.png" for number in range(5)], "also what was not saved yet"
    again = Counting()
    assert find_joints(images(7), again, tmp_path / "j", batch_size=2) == 2
    assert again.asked == ["5.png", "6.png"]
    assert list(read_joints(tmp_path / "j")) == [f"{number}.png" for number in range(7)]
    assert find_joints(images(7), again, tmp_path / "j") == 0


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    write_joints(tmp_path / "j", {"0.png": np.zeros((18, 3), np.float32)}, source="another")
    with pytest.raises(ReseenError, match="has joints by another, not by counting; name a new file"):
        find_joints(images(2), Counting(), tmp_path / "j")
    find_joints(images(3), Counting(), tmp_path / "k")
    with pytest.raises(ReseenError, match=r"has joints of 2.png, which is not in this data set"):
        find_joints(images(2), Counting(), tmp_path / "k")
