"""Market-1501's layout: what is found, what is missing, and which names are left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reseen.data.attributes import AttributeSchema, binary
from reseen.data.images.source import open_folder
from reseen.data.sets.layout import PARTS, Layout, read_layout
from reseen.errors import ReseenError, ReseenWarning
from tests.data.trees import paint_all, zipped

LAYOUT = Layout("Mine", re.compile(r"(?P<pid>-?\d+)_k(?P<camid>\d)"), "0001_k1.jpg", "mine.mat")
SCHEMA = AttributeSchema("mine", (binary("hat"),))


def write(root: Path, *parts: str) -> Path:
    for part in parts or PARTS:
        paint_all(root / PARTS[part], ["0002_k1.jpg", "0001_k3.jpg.jpg"])
    return root


def test_parts_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    parts = read_layout(write(tmp_path), LAYOUT, SCHEMA, attributes=None, allow_missing=False)
    assert list(parts.images) == ["train", "query", "gallery"]
    for part, images in parts.images.items():
        assert [(image.pid, image.camid) for image in images] == [(1, 3), (2, 1)]
        assert all(PARTS[part] in str(image.path) for image in images)
    assert (parts.labelled, parts.notes) == (False, ())


def test_names_that_say_nothing_are_counted(tmp_path: Path) -> None:
    paint_all(write(tmp_path) / "query", ["me.jpg", "you.jpg"])
    with pytest.warns(ReseenWarning, match=r"left out 2 images whose names say no person and camera, first: .*me\.jpg"):
        parts = read_layout(tmp_path, LAYOUT, SCHEMA, attributes=None, allow_missing=False)
    assert len(parts.images["query"]) == 2


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    root = write(tmp_path / "mine", "train", "gallery")
    with pytest.raises(ReseenError, match=r"no complete Mine in .*: query/ missing; expected bounding_box_train/, que"):
        read_layout(root, LAYOUT, SCHEMA, attributes=None, allow_missing=False)
    for place, allow in ((root, True), (zipped(root, tmp_path / "mine.zip"), False)):  # a zip may hold a part alone
        parts = read_layout(place, LAYOUT, SCHEMA, attributes=None, allow_missing=allow)
        assert [len(images) for images in parts.images.values()] == [2, 0, 2]
        assert parts.notes == ("Mine: query/ is missing",)
    with pytest.raises(ReseenError, match=r"no Mine in .*: bounding_box_train/, query/, bounding_box_test/ missing"):
        read_layout(paint_all(tmp_path / "none", ["a.jpg"]), LAYOUT, SCHEMA, attributes=None, allow_missing=True)


def test_folders_of_another_data_set_are_passed_over(tmp_path: Path) -> None:
    """Market-1501 and DukeMTMC-reID call their folders alike."""
    paint_all(tmp_path / "other" / "query", ["0001_c1.jpg"])
    write(tmp_path / "yours")
    found = LAYOUT.locate(open_folder(tmp_path))
    assert {part: folder.path for part, folder in found.items()} == {
        part: tmp_path / "yours" / name for part, name in PARTS.items()
    }
    assert LAYOUT.missing(open_folder(tmp_path / "other")) == ("bounding_box_train/", "query/", "bounding_box_test/")
