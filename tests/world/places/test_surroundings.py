"""What the camera has in view is where things are put, with room between them and before it."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from reseen.world.optics.cameras import Camera
from reseen.world.optics.sensor import Sensor
from reseen.world.places.builder import Builder
from reseen.world.places.surroundings import Sight, off_path, row_of_houses

CAMERA = Camera(1, (0.0, 0.0, 3.0), 0.5, 0.3, 0.0, 800.0, 960, 720, Sensor())


def test_spots_are_in_view_apart_and_not_before_the_lens() -> None:
    sight = Sight(CAMERA, np.random.default_rng(0))
    spots = list(sight.spots(8, 2.0, 20.0, apart=1.5, low=2.0, high=15.0))
    assert len(spots) == 8
    for x, y in spots:
        assert 2 <= y <= 15
        assert 3.2 < math.hypot(x, y) <= 20
        u, _, depth = CAMERA.project(np.array([[x, y, 0.0]]))[0]
        assert depth > 0
        assert -0.1 * CAMERA.width < u < 1.1 * CAMERA.width
    assert min(math.dist(one, other) for one, other in combinations(spots, 2)) > 1.5


def test_spots_stay_away_from_what_was_put_before() -> None:
    sight = Sight(CAMERA, np.random.default_rng(0))
    before = list(sight.spots(2, 4.0, 12.0, apart=3.0))
    for spot in sight.spots(20, 4.0, 12.0, apart=0.5):
        assert min(math.dist(spot, other) for other in before) > 3


def test_where_there_is_no_room_there_are_fewer_spots() -> None:
    assert len(list(Sight(CAMERA, np.random.default_rng(0)).spots(50, 5.0, 6.0, apart=2.0))) < 10


def test_the_axis_crosses_the_frames_middle() -> None:
    sight = Sight(CAMERA, np.random.default_rng(0))
    middle = sight.middle
    u, v, _ = CAMERA.project(np.array([[sight.centre(middle), middle, 0.9]]))[0]
    assert (u, v) == pytest.approx((480, 360))


def test_houses_leave_no_gap() -> None:
    b = Builder(np.random.default_rng(0))
    row_of_houses(b, 12.0, shops=True)
    b.ground(b.plain((0.5, 0.5, 0.5)))
    groups = b.fixed().groups
    floors = groups[groups[:, 2] == 0]
    floors = floors[np.argsort(floors[:, 0])]
    np.testing.assert_allclose(floors[1:, 0], floors[:-1, 3])
    assert floors[0, 0] <= -70
    assert floors[-1, 3] >= 70
    assert floors[:, 1].min() >= 12


@pytest.mark.parametrize(("place", "off"), [((0.0, 5.0), False), ((0.9, 5.0), False), ((1.1, 5.0), True)])
def test_a_path_is_as_wide_as_it_is(place: tuple[float, float], off: bool) -> None:
    """A path along y through the origin, one metre to either side."""
    assert off_path(place, 0.0, 0.0, math.pi / 2, 1.0) is off
