"""Pictures come in order, a bounded number ahead, and those that cannot be decoded are counted."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.images.decoding import Skipped, decode_all
from reseen.data.person import PersonImage
from reseen.errors import ReseenError, ReseenWarning

SIZE = (16, 8)


@pytest.fixture
def images(tmp_path: Path) -> list[PersonImage]:
    for level in range(40):
        Image.new("L", (8 + level, 16), level * 5).save(tmp_path / f"{level}.png")
    return [PersonImage(tmp_path / f"{level}.png", level, 0) for level in range(40)]


@pytest.mark.parametrize("ahead", [1, 7, 40, 100])
def test_every_picture_comes_once_in_order(images: list[PersonImage], ahead: int) -> None:
    found = list(decode_all(images, SIZE, Skipped(0), ahead=ahead))
    assert [picture.row for picture in found] == list(range(40))
    assert [picture.size for picture in found] == [(16, 8 + level) for level in range(40)]
    for level, picture in enumerate(found):
        np.testing.assert_array_equal(picture.pixels, np.full((*SIZE, 3), level * 5))


def test_no_more_are_decoded_than_ahead_of_what_was_taken(
    images: list[PersonImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    lock, whole = threading.Lock(), PersonImage.open

    def count(image: PersonImage) -> Image.Image:
        with lock:
            opened.append(image.pid)
        return whole(image)

    monkeypatch.setattr(PersonImage, "open", count)
    pictures = decode_all(images, SIZE, Skipped(0), ahead=5)
    for taken in range(1, 11):
        next(pictures)
        assert len(opened) <= taken + 5
    pictures.close()
    assert len(opened) <= 15, "whoever stops early does not pay for the rest"


def test_what_cannot_be_decoded_is_left_out_and_counted(images: list[PersonImage]) -> None:
    images[3] = images[20] = PersonImage(b"no picture", 1, 1)
    skipped = Skipped(2)
    rows = [picture.row for picture in decode_all(images, SIZE, skipped, ahead=4)]
    assert rows == [row for row in range(40) if row not in (3, 20)]
    assert list(skipped.messages) == [3, 20]
    with pytest.warns(ReseenWarning, match="skipped 2 of 40 images, first: cannot decode image <10 bytes"):
        skipped.warn(40)
    with pytest.raises(ReseenError, match=r"corrupt images: 2 or more, allowed: 1; mend it, or raise the limit"):
        list(decode_all(images, SIZE, Skipped(1), ahead=4))
