"""A person image reads from a file, a zip, HDF5 or memory, and says which one failed."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from reseen.data.images.reference import image_of
from reseen.data.person import DISTRACTOR_PID, UNKNOWN_PID, PersonImage, sorted_label_map
from reseen.errors import ReseenError


@pytest.fixture
def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 8), (10, 200, 30)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def everywhere(png: bytes, tmp_path: Path) -> dict[str, PersonImage]:
    (tmp_path / "a.png").write_bytes(png)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/a.png", png)
    with h5py.File(tmp_path / "a.mat", "w") as file:
        pixels = np.asarray(Image.open(io.BytesIO(png)))
        file["labeled/1"] = pixels.transpose(2, 1, 0)  # as MATLAB stores (height, width, channel)
    return {
        "file": PersonImage(tmp_path / "a.png", 1, 1),
        "zip": PersonImage(Path("in/a.png"), 1, 1, archive=tmp_path / "a.zip"),
        "mat": PersonImage(Path("labeled/1"), 1, 1, archive=tmp_path / "a.mat"),
        "bytes": PersonImage(png, 1, 1),
    }


@pytest.mark.parametrize("place", ["file", "zip", "mat", "bytes"])
def test_opens_the_same_picture(everywhere: dict[str, PersonImage], place: str) -> None:
    picture = everywhere[place].open()
    assert (picture.mode, picture.size) == ("RGB", (4, 8))
    assert picture.getpixel((3, 7)) == (10, 200, 30)


def test_gray_and_transparent_pictures_become_rgb(tmp_path: Path) -> None:
    Image.new("LA", (2, 2), (7, 255)).save(tmp_path / "gray.png")
    assert PersonImage(tmp_path / "gray.png", 1, 1).open().getpixel((0, 0)) == (7, 7, 7)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(("orientation", "red_at"), [(1, (0, 0)), (3, (3, 7)), (6, (3, 0)), (8, (0, 7))])
def test_a_picture_is_turned_upright_as_its_camera_was_held(orientation: int, red_at: tuple[int, int]) -> None:
    lying = orientation in (6, 8)
    stored = Image.new("RGB", (8, 4) if lying else (4, 8), "black")
    stored.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = PersonImage(encoded(stored, "PNG", exif=exif), 1, 1).open()
    assert picture.size == (4, 8)
    assert picture.getpixel(red_at) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_grays(kind: str) -> None:
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    picture = PersonImage(encoded(Image.fromarray(values), kind), 1, 1).open()
    assert np.asarray(picture)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_thirty_two_bits_are_refused() -> None:
    data = encoded(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF")
    with pytest.raises(ReseenError, match="32 bits a pixel; save it with 8 or 16"):
        PersonImage(data, 1, 1).open()


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    data = encoded(Image.new("1", (9000, 8000)), "PNG")
    with pytest.raises(ReseenError, match="9000 x 8000 pixels are too many"):
        PersonImage(data, 1, 1).open()


@pytest.mark.parametrize("place", ["file", "zip"])
def test_a_bomb_is_not_read_whole(tmp_path: Path, place: str) -> None:
    """Zeros named .jpg: once all of them were in memory before anything looked at them."""
    bomb, packed = tmp_path / "bomb.jpg", tmp_path / "bombs.zip"
    with bomb.open("wb") as file:
        file.truncate(200 << 20)
    if place == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(bomb, "bomb.jpg")
        image = PersonImage(Path("bomb.jpg"), 1, 1, archive=packed)
    else:
        image = PersonImage(bomb, 1, 1)
    tracemalloc.start()
    with pytest.raises(ReseenError, match=r"bomb\.jpg: it has more than 64 MiB"):
        image.open()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 140 << 20


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (PersonImage(Path("none.png"), 1, 1), r"cannot read image none\.png"),
        (PersonImage(Path("m.png"), 1, 1, archive=Path("none.zip")), r"cannot read image none\.zip:m\.png"),
        (PersonImage(Path("m"), 1, 1, archive=Path("none.mat")), r"cannot read image none\.mat:m"),
        (PersonImage(b"GIF89a", 1, 1), r"cannot decode image <6 bytes"),
    ],
)
def test_what_cannot_be_opened_is_named(image: PersonImage, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        image.open()


def test_missing_member_is_named(everywhere: dict[str, PersonImage]) -> None:
    with pytest.raises(ReseenError, match=r"a\.zip:in/b\.png"):
        PersonImage(Path("in/b.png"), 1, 1, archive=everywhere["zip"].archive).open()


def test_labels_follow_sorted_pids() -> None:
    images = [PersonImage(Path(str(pid)), pid, 1) for pid in (7, UNKNOWN_PID, 2, 7, DISTRACTOR_PID, 30)]
    assert sorted_label_map(images) == {2: 0, 7: 1, 30: 2}


@pytest.mark.parametrize("place", ["file", "zip"])
def test_a_name_leads_back_to_its_image(everywhere: dict[str, PersonImage], place: str) -> None:
    again = image_of(everywhere[place].name)
    assert again.name == everywhere[place].name
    assert again.open().tobytes() == everywhere[place].open().tobytes()
    assert again.pid == -1


def test_market_names_tell_person_and_camera(png: bytes, tmp_path: Path) -> None:
    (tmp_path / "0042_c5s1_000101_03.jpg").write_bytes(png)
    image = image_of(tmp_path / "0042_c5s1_000101_03.jpg")
    assert (image.pid, image.camid) == (42, 5)
    with pytest.raises(ReseenError, match=r"there is no picture .*none\.jpg"):
        image_of(tmp_path / "none.jpg")


def test_a_zip_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    image = PersonImage(Path("a.bin"), archive=tmp_path / "set.zip")
    for content in (b"first", b"second"):
        with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
            archive.writestr("a.bin", content)
        (tmp_path / "new.zip").replace(tmp_path / "set.zip")
        assert image.read() == content
