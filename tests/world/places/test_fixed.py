"""Places on the ground: what lies there, how far things are, and how dark it is beside them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reseen.world.places.builder import Builder, box
from reseen.world.places.fixed import LOW, Fixed, clearances, ground_at, openness
from reseen.world.places.solids import FAR


@pytest.fixture(scope="module")
def fixed() -> Fixed:
    """A crate, a roof above head height, and a path 2 m wide, turned a quarter, on a lawn."""
    b = Builder(np.random.default_rng(0))
    grey = b.plain((0.5, 0.5, 0.5))
    b.add(box(grey, (0, 5), (0, 1), (1, 0.5)))
    b.add(box(grey, (0, 9), (2.5, 3), (2, 2)))
    b.ground(grey, (3, 0), (8, 1), turn=math.pi / 2)
    b.ground(grey)
    return b.fixed()


def test_the_uppermost_ground_is_found_in_its_own_axes(fixed: Fixed) -> None:
    """The path runs along y at x = 3: its own u axis points to +y, its v axis to -x."""
    assert ground_at(fixed, 3.5, 6.0) == pytest.approx((0, 6.0, -0.5))
    assert ground_at(fixed, 4.1, 6.0) == pytest.approx((1, 4.1, 6.0))
    assert ground_at(fixed, 3.5, 8.5) == pytest.approx((1, 3.5, 8.5))


def test_clearance_counts_what_a_person_would_bump_into(fixed: Fixed) -> None:
    places = np.array([[0.0, 4.0], [0.0, 5.0], [1.8, 5.0], [0.0, 9.0]])
    found = clearances(fixed, places, 1.95)
    assert found[:3] == pytest.approx([0.5, -0.5, 0.8])
    assert found[3] == FAR
    assert clearances(fixed, places[3:], 2.6)[0] < 0, "somebody taller would"


def test_it_is_darker_beside_a_crate_than_away_from_it(fixed: Fixed) -> None:
    everything = np.arange(len(fixed.groups))
    beside, near, away = (openness(fixed, everything, 0.0, y) for y in (4.5, 4.2, 3.0))
    assert beside == pytest.approx(1 - 0.55)
    assert beside < near < away == 1
    assert fixed.groups[1, 2] > LOW, "the roof begins too high to matter"
    assert openness(fixed, everything, 0.0, 10.5) == 1
