"""Which crops are worth keeping, told of pictures made by hand."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reseen.ingest.crops import Crop, best_of, make_crop, sharpness, unlikeness, wholeness

SIZE = (200, 300)


def crop(seconds: float, quality: float, shade: float) -> Crop:
    look = np.full((16, 8, 3), shade, np.float32)
    return Crop(b"", seconds, np.array([0, 0, 10, 30], np.float32), 1.0, quality, look)


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    assert sharpness(np.full((128, 64, 3), 90, np.uint8)) == 0
    dot = np.zeros((128, 64, 3), np.uint8)
    dot[60, 30] = 100
    # The Laplacian is -400 at the dot and 100 at its four neighbours, and their sum is 0.
    assert sharpness(dot) == pytest.approx((400**2 + 4 * 100**2) / (128 * 64))


def test_blurred_and_small_crops_are_less_sharp() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (256, 128, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((64, 128))
    small = picture.resize((16, 32))
    assert sharpness(np.asarray(small)) < sharpness(np.asarray(picture)) / 2


@pytest.mark.parametrize(
    ("box", "whole"),
    [
        ((100, 50, 140, 150), 1.0),
        ((0, 50, 40, 150), 0.3),  # the left edge cuts it off
        ((100, 100, 140, 200), 0.3),  # the feet are outside
        ((100, 50, 200, 150), 0.5),  # as broad as tall
        ((100, 20, 110, 150), 0.5),  # a post
    ],
)
def test_what_is_cut_off_or_misshapen_is_worth_less(box: tuple[int, ...], whole: float) -> None:
    assert wholeness(np.array([box], np.float32), SIZE) == pytest.approx(whole)


def test_who_stands_behind_another_is_covered() -> None:
    behind, before = (100, 40, 140, 140), (120, 60, 170, 170)
    # Of the one behind, 20 x 80 pixels of 40 x 100 are hidden.
    assert wholeness(np.array([behind, before], np.float32), SIZE) == pytest.approx([0.6, 1.0])


def test_nobody_is_no_trouble() -> None:
    assert len(wholeness(np.empty((0, 4), np.float32), SIZE)) == 0
    assert best_of([], 4) == ()


def test_the_best_that_are_apart_and_unlike_each_other_are_kept() -> None:
    best, again, like, fine, poor = (
        crop(3.0, 10, 0.5),
        crop(3.2, 9, 0.9),  # 0.2 seconds after the best
        crop(5.0, 8, 0.52),  # looks like the best
        crop(1.0, 7, 0.7),
        crop(8.0, 2, 0.1),  # not a quarter as good as the best
    )
    everybody = [poor, fine, like, again, best]
    assert best_of(everybody, 4) == (fine, best)
    assert best_of(everybody, 1) == (best,)
    assert unlikeness(best, like) == pytest.approx(0.02)


def test_a_crop_shows_the_box_and_a_little_around_it() -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[50:150, 100:140] = (200, 30, 30)
    made = make_crop(frame, np.array([100, 50, 140, 150], np.float32), seconds=2.5, confidence=0.8, whole=1.0)
    picture = np.asarray(Image.open(io.BytesIO(made.picture)))
    assert picture.shape == (108, 48, 3)  # four pixels more at every side
    assert np.abs(picture[54, 24].astype(int) - (200, 30, 30)).max() < 6
    assert picture[0, 0].max() < 30
    assert made.quality == pytest.approx(0.8 * np.sqrt(sharpness(frame[46:154, 96:144])))


def test_at_the_frames_edge_a_crop_ends_there() -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    made = make_crop(frame, np.array([270, 100, 300, 200], np.float32), seconds=0, confidence=1, whole=1)
    assert Image.open(io.BytesIO(made.picture)).size == (34, 104)
