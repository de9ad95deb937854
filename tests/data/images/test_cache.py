"""Decoding once, skipping what is corrupt, noticing what changed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.images.cache import cached_images
from reseen.data.person import PersonImage
from reseen.errors import ReseenError, ReseenWarning


@pytest.fixture
def images(tmp_path: Path) -> list[PersonImage]:
    result = []
    for pid, color in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
        path = tmp_path / f"{pid}.png"
        Image.new("RGB", (8, 16), color).save(path)
        result.append(PersonImage(path, pid, 0))
    return result


def test_pixels_are_the_pictures_in_order(images: list[PersonImage], tmp_path: Path) -> None:
    cached = cached_images(images, (32, 16), directory=tmp_path / "cache")
    assert cached.pixels.shape == (3, 32, 16, 3)
    assert [tuple(picture[0, 0]) for picture in cached.pixels] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert cached.sizes.tolist() == [[16, 8]] * 3  # what the pictures have themselves


def test_second_call_reads_no_picture(
    images: list[PersonImage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cached_images(images, (16, 8), directory=tmp_path / "cache")
    monkeypatch.setattr(PersonImage, "open", lambda self: pytest.fail("decoded again"))
    second = cached_images(images, (16, 8), directory=tmp_path / "cache")
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.sizes, second.sizes)
    assert isinstance(second.pixels, np.memmap)


def test_changed_file_is_decoded_again(images: list[PersonImage], tmp_path: Path) -> None:
    cached_images(images, (16, 8), directory=tmp_path / "cache")
    assert isinstance(images[0].path, Path)
    Image.new("RGB", (8, 16), (9, 9, 9)).save(images[0].path)
    os.utime(images[0].path, ns=(1, 1))
    assert cached_images(images, (16, 8), directory=tmp_path / "cache").pixels[0, 0, 0].tolist() == [9, 9, 9]


def test_corrupt_image_is_an_error_that_names_it(images: list[PersonImage], tmp_path: Path) -> None:
    assert isinstance(images[1].path, Path)
    images[1].path.write_bytes(b"not a picture")
    with pytest.raises(ReseenError, match=r"1\.png.*allowed: 0"):
        cached_images(images, (16, 8), directory=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_corrupt_image_within_the_limit_is_skipped_and_counted(images: list[PersonImage], tmp_path: Path) -> None:
    assert isinstance(images[1].path, Path)
    images[1].path.write_bytes(images[1].path.read_bytes()[:40])
    Image.new("RGB", (7, 20), (255, 0, 0)).save(tmp_path / "0.png")
    for _ in range(2):  # decoded, then from the cache
        with pytest.warns(ReseenWarning, match=r"skipped 1 of 3 images.*1\.png"):
            cached = cached_images(images, (16, 8), directory=tmp_path / "cache", max_corrupt=1)
        assert [image.pid for image in cached.images] == [0, 2]
        assert cached.sizes.tolist() == [[20, 7], [16, 8]]
        assert [tuple(picture[0, 0]) for picture in cached.pixels] == [(255, 0, 0), (0, 0, 255)]
    with pytest.raises(ReseenError, match=r"1\.png"):
        cached_images(images, (16, 8), directory=tmp_path / "cache", max_corrupt=0)


def test_no_pictures_have_no_sizes(tmp_path: Path) -> None:
    for _ in range(2):
        assert cached_images([], (16, 8), directory=tmp_path).sizes.shape == (0, 2)
