"""Folders and zips list the same, without what operating systems leave behind."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from reseen.data.images.source import Folder, is_image, open_folder
from reseen.errors import ReseenError, ReseenWarning
from tests.data.trees import paint_all, zipped

NAMES = ["set/a/2.JPG", "set/a/1.png", "set/a/b/3.webp", "set/c/4.jpg.jpg"]


@pytest.fixture(params=["folder", "zip"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    tree = paint_all(tmp_path / "top", NAMES)
    (tree / "set" / "a" / "._1.png").write_bytes(b"mac")
    (tree / "set" / "a" / "Thumbs.db").write_bytes(b"windows")
    (tree / "set" / "a" / "readme.txt").write_text("text")
    (tree / "__MACOSX").mkdir()
    (tree / "__MACOSX" / "1.png").write_bytes(b"mac")
    return open_folder(tree if request.param == "folder" else zipped(tree, tmp_path / "top.zip"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.jpg", True), ("a.JPEG", True), ("a.jpg.jpg", True), ("a.webp", True), ("a.txt", False), ("jpg", False)],
)
def test_images_are_known_by_any_image_suffix(name: str, expected: bool) -> None:
    assert is_image(name) is expected


def test_images_are_sorted_and_litter_is_passed_over(root: Folder) -> None:
    assert [entry.name for entry in root.all_images()] == ["1.png", "2.JPG", "4.jpg.jpg", "3.webp"]
    found = root.find("a")
    assert found is not None
    assert [entry.name for entry in found.files()] == ["1.png", "2.JPG", "readme.txt"]


def test_find_ignores_case_and_asks_whether_to_accept(root: Folder) -> None:
    assert root.find("SET") is not None
    assert root.find("a", accept=lambda folder: len(folder.images()) > 2) is None
    assert root.find("nothing") is None


def test_entries_read_their_bytes(root: Folder) -> None:
    entry = root.find_file("README.txt")
    assert entry is not None
    assert entry.read() == b"text"


def test_annotations_are_found_beside(tmp_path: Path) -> None:
    folder = paint_all(tmp_path / "market", ["1.png"])
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "labels.mat").write_bytes(b"1")
    for root in (folder, zipped(folder, tmp_path / "market.zip")):
        entry = open_folder(root).find_annotation("labels.mat")
        assert entry is not None
        assert entry.path == tmp_path / "annotations" / "labels.mat"
    assert open_folder(folder).find_file("labels.mat") is None


def test_a_zip_in_a_folder_is_a_folder_in_it(tmp_path: Path) -> None:
    tree = paint_all(tmp_path / "inner", ["pictures/1.png"])
    (tmp_path / "outer").mkdir()
    zipped(tree, tmp_path / "outer" / "data.zip")
    found = open_folder(tmp_path / "outer").find("pictures")
    assert found is not None
    assert found.archive == tmp_path / "outer" / "data.zip"
    assert found.images()[0].read().startswith(b"\x89PNG")


def test_a_changed_zip_is_listed_again(tmp_path: Path) -> None:
    path = zipped(paint_all(tmp_path / "one", ["1.png"]), tmp_path / "data.zip")
    assert len(open_folder(path).all_images()) == 1
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("one/2.png", b"")
    assert len(open_folder(path).all_images()) == 2


def test_a_member_is_unpacked_once(tmp_path: Path) -> None:
    path = zipped(paint_all(tmp_path / "one", ["1.png"]), tmp_path / "data.zip")
    entry = open_folder(path).all_images()[0]
    first = entry.on_disk(tmp_path / "cache")
    assert first.read_bytes() == entry.read()
    stamp = first.stat().st_mtime_ns
    assert entry.on_disk(tmp_path / "cache") == first
    assert first.stat().st_mtime_ns == stamp
    assert not list((tmp_path / "cache").rglob("*.partial"))
    assert (first.stat().st_mode & 0o777, first.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_folder_that_may_not_be_listed_is_passed_over_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint_all(tmp_path, ["lost+found/1.png", "pictures/2.png"])
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.warns(ReseenWarning, match="passed over .*Permission denied"):
        assert [entry.name for entry in open_folder(tmp_path).all_images()] == ["2.png"]


@pytest.mark.parametrize("content", [None, b"not a zip"])
def test_what_is_no_folder_and_no_zip_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "data.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReseenError, match=r"data\.zip (does not exist|is neither)"):
        open_folder(path)


def test_links_that_lead_back_have_no_end_and_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint_all(tmp_path / "top", ["a/1.png", "b/2.png"])
    (tmp_path / "top" / "a" / "self").symlink_to(".")
    (tmp_path / "top" / "a" / "up").symlink_to("..")
    (tmp_path / "top" / "a" / "beside").symlink_to("../b")  # no circle: what it leads to is read, here, too
    (tmp_path / "top" / "b" / "back").symlink_to("../a")
    monkeypatch.chdir(tmp_path / "top")
    for top in (tmp_path / "top", Path()):
        assert [entry.name for entry in open_folder(top).all_images()] == ["1.png", "2.png", "2.png", "1.png"]


def test_a_name_in_no_coding_is_unpacked_too(tmp_path: Path) -> None:
    path = zipped(paint_all(tmp_path / "one", ["1.png"]), tmp_path / os.fsdecode(b"data\xff.zip"))
    assert open_folder(path).all_images()[0].on_disk(tmp_path / "cache").is_file()
