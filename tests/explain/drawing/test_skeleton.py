"""Skeletons are drawn where the joints are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.explain.drawing.skeleton import draw_skeleton, sheet_of


def keypoints(**places: tuple[float, float]) -> np.ndarray:
    points = np.zeros((18, 3), np.float32)
    for name, place in places.items():
        points[COCO18.joints.index(name)] = (*place, 1)
    return points


def test_joints_and_limbs_lie_where_they_are() -> None:
    gray = Image.new("RGB", (64, 128), (128, 128, 128))
    drawn = np.asarray(draw_skeleton(gray, keypoints(right_knee=(10, 20), right_ankle=(10, 100)), height=256))
    assert drawn.shape == (256, 128, 3)
    changed = np.argwhere((drawn != 128).any(2))
    assert abs(changed[:, 1].mean() - 20.5) < 1, "columns"
    assert (changed[:, 0].min(), changed[:, 0].max()) == (39, 203)
    assert (drawn[41:201, 20:23] != 128).any((1, 2)).all()


def test_slim_and_wide_pictures_are_drawn_in_bounds() -> None:
    """A panorama is squeezed to four times its height, and its joints with it."""
    assert draw_skeleton(Image.new("RGB", (1, 1000)), keypoints()).size == (1, 256)
    wide = Image.new("RGB", (20_000, 100), (128, 128, 128))
    drawn = np.asarray(draw_skeleton(wide, keypoints(nose=(9_999.5, 49.5)), height=100))
    assert drawn.shape == (100, 400, 3)
    assert np.argwhere((drawn != 128).any(2)).mean(0).tolist() == [50, 200]


def test_unsure_joints_are_left_out() -> None:
    gray = Image.new("RGB", (64, 128), (128, 128, 128))
    points = keypoints(nose=(30, 30))
    points[0, 2] = 0.05
    assert (np.asarray(draw_skeleton(gray, points)) == 128).all()


def test_a_sheet_shows_everybody(tmp_path: Path) -> None:
    Image.new("RGB", (64, 128)).save(tmp_path / "a.png")
    image = PersonImage(tmp_path / "a.png", 1, 1, keypoints=keypoints(nose=(30, 30)))
    sheet = sheet_of([image] * 5, columns=3, height=64)
    assert sheet.size == (3 * 32 + 2 * 24, 128)
