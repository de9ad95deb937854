"""Labels of rendered images: what is no file of joints is told."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reseen.data.images.source import Entry
from reseen.data.sets.rendered.labels import read_keypoints
from reseen.errors import ReseenError


def table(**columns: list[object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_joints_are_read_by_image(tmp_path: Path) -> None:
    """54 numbers an image, joint by joint: x, y, visibility."""
    content = table(image=["query/1.jpg"], keypoints=[[float(number) for number in range(54)]])
    (tmp_path / "keypoints.parquet").write_bytes(content)
    found = read_keypoints(Entry(tmp_path / "keypoints.parquet"))
    np.testing.assert_array_equal(found["query/1.jpg"][[0, 17]], [[0, 1, 2], [51, 52, 53]])


@pytest.mark.parametrize(
    "content",
    [b"PAR1", table(image=["a.jpg"]), table(image=["a.jpg"], keypoints=[[1.0] * 53])],
    ids=["cut off", "no joints", "too few joints"],
)
def test_broken_joints_are_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keypoints.parquet").write_bytes(content)
    with pytest.raises(ReseenError, match=r"cannot read joints from .*keypoints\.parquet"):
        read_keypoints(Entry(tmp_path / "keypoints.parquet"))
