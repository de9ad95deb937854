"""Joints from a file find their images, wherever these lie by now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reseen.data.annotations.joints_file import attach_joints_file, read_joints, write_joints
from reseen.data.person import PersonImage, Split
from reseen.errors import ReseenError


def points(number: int) -> np.ndarray:
    return np.full((18, 3), number, np.float32)


def split(train: list[str], gallery: list[str], archive: Path | None = None) -> Split:
    images = [tuple(PersonImage(Path(name), 1, 1, archive=archive) for name in part) for part in (train, gallery)]
    return Split("table", images[0], (), images[1])


def attached(data: Split, path: Path) -> list[float]:
    found = attach_joints_file(data, path)
    images = [image for part in found.parts().values() for image in part]
    return [float(image.keypoints[0, 0]) for image in images if image.keypoints is not None]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_joints(tmp_path / "new" / "j.parquet", {"a.png": points(1), "b.png": points(2) / 3})
    found = read_joints(tmp_path / "new" / "j.parquet")
    assert list(found) == ["a.png", "b.png"]
    assert found["b.png"].dtype == np.float32
    np.testing.assert_array_equal(found["b.png"], points(2) / 3)
    write_joints(tmp_path / "none.parquet", {})
    assert read_joints(tmp_path / "none.parquet") == {}


def test_images_are_found_though_they_moved(tmp_path: Path) -> None:
    file = tmp_path / "j.parquet"
    write_joints(file, {"/old/train/a.png": points(1), "/old/train/b.png": points(2), "/old/test/c.png": points(3)})
    assert attached(split(["/new/here/b.png", "/new/here/a.png"], ["/new/c.png"]), file) == [2, 1, 3]
    assert attached(split(["in/zip/b.png"], ["in/zip/c.png"], tmp_path / "d.zip"), file) == [2, 3]


@pytest.mark.parametrize(
    ("rows", "train", "gallery"),
    [
        (["/old/train/a.png", "/old/test/a.png"], ["/new/train/a.png"], ["/new/test/a.png"]),
        # The file has one of each name, but the data set does not: its second image is none of the file's.
        (["/old/train/a.png", "/old/test/b.png"], ["/new/train/a.png"], ["/new/test/b.png"]),
    ],
)
def test_as_much_of_the_path_is_compared_as_tells_images_apart(
    tmp_path: Path, rows: list[str], train: list[str], gallery: list[str]
) -> None:
    write_joints(tmp_path / "j.parquet", {name: points(number) for number, name in enumerate(rows)})
    assert attached(split(train, gallery), tmp_path / "j.parquet") == [0, 1]
    with pytest.raises(ReseenError, match=r"has no joints of 1 of 2 images, first: /new/other/a\.png"):
        attached(split(train, ["/new/other/a.png"]), tmp_path / "j.parquet")


def test_an_image_that_is_query_and_gallery_is_one(tmp_path: Path) -> None:
    write_joints(tmp_path / "j.parquet", {"a.png": points(4)})
    data = split([], ["x/a.png"])
    assert attached(replace(data, query=data.gallery), tmp_path / "j.parquet") == [4, 4]


def test_mistakes_are_named(tmp_path: Path) -> None:
    file = tmp_path / "j.parquet"
    with pytest.raises(ReseenError, match=r"there is no file of joints .*j\.parquet; reseen pose makes one"):
        read_joints(file)
    file.write_bytes(b"PAR1")
    with pytest.raises(ReseenError, match=r"cannot read joints from .*j\.parquet"):
        read_joints(file)
    pq.write_table(pa.table({"image": ["a.png"]}), file)
    with pytest.raises(ReseenError, match="its skeleton is not named, not coco18"):
        read_joints(file)
    pq.write_table(pa.table({"image": ["a.png"]}).replace_schema_metadata({"skeleton": "coco18"}), file)
    with pytest.raises(ReseenError, match="keypoints"):
        read_joints(file)
    with pytest.raises(ReseenError, match=r"joints of a\.png have shape \(14, 3\)"):
        write_joints(file, {"a.png": np.zeros((14, 3), np.float32)})
    write_joints(file, {"a.png": points(1)})
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table, table]), file)
    with pytest.raises(ReseenError, match="an image stands there twice"):
        read_joints(file)
    write_joints(file, {"a.png": points(1) * np.nan})
    with pytest.raises(ReseenError, match="NaN or infinite"):
        read_joints(file)


def test_an_image_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    write_joints(tmp_path / "j.parquet", {"x/a.png": points(1), "x//a.png": points(2)})
    with pytest.raises(ReseenError, match="joints of one image twice"):
        attached(split(["x/a.png"], []), tmp_path / "j.parquet")
