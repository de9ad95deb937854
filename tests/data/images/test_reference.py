"""A name that results print leads back to its image."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from reseen.data.images.reference import absolute, image_of, is_there, resolved
from reseen.data.person import UNKNOWN_CAMERA, UNKNOWN_PID, PersonImage
from reseen.errors import ReseenError


def painted(path: Path) -> Path:
    Image.new("RGB", (4, 8), "red").save(path)
    return path


@pytest.mark.parametrize(
    ("name", "pid", "camid"),
    [
        ("0002_c3s1_000451_03.jpg", 2, 3),
        ("-1_c4s1_000001_00.jpg", -1, 4),
        ("c4_7.jpg", UNKNOWN_PID, 4),
        ("holiday.jpg", UNKNOWN_PID, UNKNOWN_CAMERA),
        (f"{'9' * 20}_c2.jpg", UNKNOWN_PID, 2),
    ],
)
def test_a_file_and_who_it_shows(tmp_path: Path, name: str, pid: int, camid: int) -> None:
    image = image_of(str(painted(tmp_path / name)))
    assert image == PersonImage(tmp_path / name, pid, camid)


def test_a_member_of_a_zip_by_the_name_that_images_have(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(painted(tmp_path / "a.png"), "query/0007_c2s1_000001_00.png")
    image = PersonImage(Path("query/0007_c2s1_000001_00.png"), 7, 2, archive=tmp_path / "set.zip")
    assert image_of(image.name) == image
    assert image_of(image.name).open().size == (4, 8)


def test_colons_in_names_of_members_folders_and_files(tmp_path: Path) -> None:
    folder = tmp_path / "08:30"
    folder.mkdir()
    member = "2024-05-01T08:30:00_c1.jpg"
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        archive.write(painted(tmp_path / "a.png"), member)
    image = PersonImage(Path(member), UNKNOWN_PID, 1, archive=folder / "set.zip")
    assert image_of(image.name) == image
    assert image_of(image.name).open().size == (4, 8)
    assert is_there(image.name)
    assert absolute(image.name) == image.name
    assert image_of(painted(folder / "b:c.png")).archive is None


@pytest.mark.parametrize("name", ["missing.jpg", "missing.zip:a.jpg", "."])
def test_what_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReseenError, match=f"there is no picture {name}; name a picture file"):
        image_of(name)


def test_an_absolute_name_stands_for_the_same_image_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, store = tmp_path / "here", tmp_path / "store"
    here.mkdir()
    store.mkdir()
    painted(store / "4f2a.png")
    (here / "0002_c3.png").symlink_to(store / "4f2a.png")
    with zipfile.ZipFile(here / "set.zip", "w") as archive:
        archive.write(store / "4f2a.png", "../0007_c2.png")
    monkeypatch.chdir(here)
    names = {
        "0002_c3.png": f"{here}/0002_c3.png",  # the link's own name tells who it is
        "../here/0002_c3.png": f"{here}/0002_c3.png",
        "set.zip:../0007_c2.png": f"{here}/set.zip:../0007_c2.png",
        f"{here}/0002_c3.png": f"{here}/0002_c3.png",
        "gone/a:b.png": "gone/a:b.png",
    }
    assert {name: absolute(name) for name in names} == names
    monkeypatch.chdir(tmp_path)
    for name in list(names.values())[:3]:
        assert image_of(name).open().size == (4, 8)


def test_a_picture_that_is_gone_has_the_name_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "pictures").symlink_to(tmp_path / "store")
    picture = painted(tmp_path / "store" / "a.png")
    monkeypatch.chdir(tmp_path)
    added = absolute("pictures/a.png")
    picture.unlink()
    assert resolved("pictures/a.png") == added == str(tmp_path / "store" / "a.png")
