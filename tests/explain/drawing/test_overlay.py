"""Heat maps: scaled, enlarged and mixed so that the hottest place is where the map says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reseen.explain.drawing.overlay import enlarged, overlay, scaled


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0, 1], [2, 4]], [[0, 0.25], [0.5, 1]]),
        ([[-3, 0], [1, 4]], [[0, 0], [0.25, 1]]),  # evidence against does not make no evidence bright
        ([[-3, -1]], [[0, 0]]),
        ([[7, 7], [7, 7]], [[1, 1], [1, 1]]),
    ],
)
def test_scaled(values: list[list[float]], expected: list[list[float]]) -> None:
    assert scaled(np.array(values, dtype=float)).tolist() == expected


def test_enlarged_keeps_places_and_range() -> None:
    values = np.zeros((24, 8), dtype=np.float32)
    values[5, 6] = 1
    large = enlarged(values, (384, 128))
    assert large.shape == (384, 128)
    assert large.min() >= 0
    assert large.max() <= 1
    y, x = np.unravel_index(large.argmax(), large.shape)
    assert (int(y) // 16, int(x) // 16) == (5, 6)
    assert large[200:].max() == 0


@pytest.mark.parametrize("shade", [20, 128, 235])
@pytest.mark.parametrize("peak", [(0, 0), (10, 2), (23, 7)])
def test_overlay_is_hottest_at_the_peak(peak: tuple[int, int], shade: int) -> None:
    """Red rises all along the colour map, so on an even picture it is largest at the map's peak."""
    y, x = np.mgrid[:24, :8]
    values = np.exp(-((y - peak[0]) ** 2 + (x - peak[1]) ** 2) / 8)
    pixels = np.asarray(overlay(Image.new("RGB", (64, 192), (shade,) * 3), values), dtype=int)
    assert pixels.shape == (192, 64, 3)
    warmth = pixels[..., 0] - pixels[..., 2] + pixels[..., 1]
    hot = warmth[peak[0] * 8 : peak[0] * 8 + 8, peak[1] * 8 : peak[1] * 8 + 8].mean()
    far = warmth[(23 - peak[0]) * 8, (7 - peak[1]) * 8]
    assert hot > far + 80


def test_every_color_is_the_maps() -> None:
    """A cold place of a green picture must not look green."""
    pixels = np.asarray(overlay(Image.new("RGB", (10, 10), (0, 200, 0)), np.zeros((2, 2))), dtype=int)
    assert np.ptp(pixels[5, 5]) <= 4


def test_the_picture_still_shows() -> None:
    picture = Image.new("L", (40, 40), 30)
    picture.paste(220, (0, 0, 20, 40))
    pixels = np.asarray(overlay(picture, np.full((4, 4), 0.2)), dtype=int).sum(axis=2)
    assert pixels[20, 10] > pixels[20, 30] + 150
