"""Market-1501's published joints in the order of all others."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from reseen.data.annotations.joints import attach_joints
from reseen.data.images.source import Entry
from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError

IMAGES = [PersonImage(Path(f"{number}.jpg"), 1, 1) for number in range(2)]


def matrix(path: Path, values: np.ndarray) -> Entry:
    with h5py.File(path, "w") as file:
        file["pp"] = values
    return Entry(path)


def test_fourteen_joints_become_eighteen(tmp_path: Path) -> None:
    """Column j of the file is x of its joint j, counted from 1, column 14 + j its y."""
    rows = np.stack([np.arange(28) + 1, np.arange(28) + 101])
    for image, begin in zip(attach_joints(IMAGES, matrix(tmp_path / "j.mat", rows)), (0, 100), strict=True):
        points = image.keypoints
        assert points is not None
        named = dict(zip(COCO18.joints, points.tolist(), strict=True))
        assert named["neck"] == [begin + 1, begin + 15, 1]
        assert named["right_wrist"] == [begin + 4, begin + 18, 1]
        assert named["left_shoulder"] == [begin + 5, begin + 19, 1]
        assert named["right_hip"] == [begin + 8, begin + 22, 1]
        assert named["left_ankle"] == [begin + 13, begin + 27, 1]
        missing = {name for name, point in named.items() if point[2] == 0}
        assert missing == {"nose", "left_eye", "right_eye", "left_ear", "right_ear"}


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.ones((3, 28)), "joints of 3 images, but there are 2"), (np.ones((2, 36)), r"matrix \(2, 36\) instead of")],
)
def test_joints_of_others_are_refused(tmp_path: Path, values: np.ndarray, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        attach_joints(IMAGES, matrix(tmp_path / "j.mat", values))


def test_what_is_no_such_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "j.mat").write_bytes(b"nothing")
    with pytest.raises(ReseenError, match=r"cannot read joints from .*j\.mat"):
        attach_joints(IMAGES, Entry(tmp_path / "j.mat"))
