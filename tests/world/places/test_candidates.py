"""Short lists hold every object that may matter at a place, and no more than its cell needs."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.world.optics.cameras import Camera
from reseen.world.optics.sensor import Sensor
from reseen.world.places.candidates import TILE, by_ground, by_pixel, by_shadow, cell_at

CAMERA = Camera(1, (0.0, 0.0, 1.0), 0.0, 0.0, 0.0, 100.0, 8 * TILE, 4 * TILE, Sensor())


def group(low: tuple[float, float, float], high: tuple[float, float, float], *, shadow: bool = True) -> list[float]:
    return [*low, *high, 0, 1, float(shadow)]


def test_a_square_of_pixels_lists_what_it_may_see() -> None:
    """From 10 m an object from 2 to 3 m to the right begins 20 pixels (at its far side 10 × 2 / 1.1) off the middle."""
    right = group((2, 10, 0.9), (3, 11, 1.1))
    behind = group((-1, -3, 0), (1, -2, 2))
    about = group((-1, -1, 0), (1, 1, 2))  # the camera is in the midst of it
    lists = by_pixel(CAMERA, np.array([right, behind, about]))
    middle = 4 * TILE
    assert cell_at(lists, middle + 25.0, 2.0 * TILE).tolist() == [0, 2]
    assert cell_at(lists, middle - 40.0, 2.0 * TILE).tolist() == [2]
    assert cell_at(lists, 0.0, 0.0).tolist() == [2]


def test_a_place_lists_what_stands_near_and_low() -> None:
    kerb, roof = group((5, 5, 0), (6, 6, 0.2)), group((5, 5, 3), (6, 6, 4))
    lists = by_ground(np.array([kerb, roof]), 1.2, 0.6)
    assert cell_at(lists, 5.5, 5.5).tolist() == [0]
    assert cell_at(lists, 4.0, 5.5).tolist() == [0]
    assert cell_at(lists, 2.0, 5.5).tolist() == []
    assert cell_at(lists, 500.0, 0.0).tolist() == [0], "beyond the grid all that is low may be near"


@pytest.mark.parametrize("shadow", [True, False])
def test_a_shadow_lies_opposite_the_sun_as_far_away_as_its_object_is_high(shadow: bool) -> None:
    """The sun stands at 45 degrees in +x: what hangs 4 m high shades the ground 4 m further in -x."""
    sun = np.array([0.5**0.5, 0.0, 0.5**0.5])
    lists = by_shadow(sun, 0.005, np.array([group((0, 0, 4), (0.5, 0.5, 4.1), shadow=shadow)]))
    assert cell_at(lists, -3.8, 0.2).tolist() == ([0] if shadow else [])
    assert cell_at(lists, 0.2, 0.2).tolist() == []
