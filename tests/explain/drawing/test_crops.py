"""Crops on a sheet are those of the regions' boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from reseen.data.person import PersonImage
from reseen.explain.drawing.crops import crops_of, crops_sheet
from tests.pose.figures import person


def image(folder: Path) -> PersonImage:
    """A picture of 128 by 64 in which every pixel tells its row."""
    rows = np.broadcast_to(np.arange(128, dtype=np.uint8)[:, None, None], (128, 64, 3))
    Image.fromarray(np.ascontiguousarray(rows)).save(folder / "rows.png")
    return PersonImage(folder / "rows.png", 1, 1, keypoints=person())


def test_whole_body_and_parts_are_beside_the_picture(tmp_path: Path) -> None:
    """Boxes by hand as in tests/pose/test_regions.py: the body from row 0 to 118, β = 118 · 3/48."""
    drawn = np.asarray(crops_of(image(tmp_path), height=256))
    assert drawn.shape == (256, 3 * 128, 3)
    body, parts = drawn[:, 128 + 64, 0], drawn[:, 256 + 64, 0].reshape(4, 64)
    beta = 118 * 3 / 48
    spans = [(0, 118), (0, 28 + beta), (28 - beta, 62 + beta), (62 - beta, 86 + beta), (86 - beta, 118)]
    for column, (top, bottom) in zip([body, *parts], spans, strict=True):
        half = (bottom - top) / len(column) / 2  # from a box's edge to the middle of its first pixel
        assert abs(column[0] - (top + half)) <= 0.51
        assert abs(column[-1] - (bottom - half)) <= 0.51


def test_a_sheet_has_everybody(tmp_path: Path) -> None:
    one = crops_of(image(tmp_path), height=64)
    sheet = crops_sheet([image(tmp_path)] * 3, columns=2, height=64)
    assert sheet.height == 2 * one.height
    assert sheet.width > 2 * one.width
