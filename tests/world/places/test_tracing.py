"""Rays meet what stands in their way, as far away as it is, and the sun reaches what nothing hides from it."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.world.optics.cameras import Camera
from reseen.world.optics.sensor import Sensor
from reseen.world.places import candidates
from reseen.world.places.builder import Builder, box
from reseen.world.places.fixed import LOW, NEAR, Fixed
from reseen.world.places.tracing import SKY_DEPTH, Index, Lamps, Rays, sunlight, trace

CAMERA = Camera(1, (0.0, 0.0, 2.0), 0.0, 0.0, 0.0, 40.0, 80, 60, Sensor())
UP = np.array([0.0, 0.0, 1.0])
WHITE, NONE = np.ones(3), np.zeros(3)


def lamps(direction: np.ndarray, sun: np.ndarray = WHITE, spread: float = 0.0) -> Lamps:
    return Lamps(direction, sun, 0.5 * WHITE, NONE, spread, False)


@pytest.fixture(scope="module")
def fixed() -> Fixed:
    """A wall 3 m high whose near side lies 10 m away, and a roof 5 m above the ground off to the side."""
    b = Builder(np.random.default_rng(0))
    grey = b.plain((0.5, 0.5, 0.5), stains=0.0)
    b.add(box(grey, (0, 10.5), (0, 3), (2, 0.5)))
    b.add(box(grey, (20, 5), (5, 5.2), (2, 2)))
    b.ground(grey)
    return b.fixed()


def test_depth_is_the_distance_along_the_axis(fixed: Fixed) -> None:
    """The camera looks level from 2 m: at 40 pixels focal length, row 40 looks down 10.5 / 40 of the way."""
    light = lamps(UP)
    index = Index(
        candidates.by_pixel(CAMERA, fixed.groups),
        candidates.by_shadow(UP, 0.0, fixed.groups),
        candidates.by_ground(fixed.groups, NEAR, LOW),
    )
    rays = Rays(np.array(CAMERA.position), CAMERA.rotation, CAMERA.focal, CAMERA.width, CAMERA.height)
    frame, depth, share = trace(fixed, index, light, rays)
    assert depth[30, 40] == pytest.approx(10)  # the wall
    assert depth[40, 40] == pytest.approx(2 * 40 / 10.5)  # the ground before it
    assert depth[30, 70] > 100  # past it, nearly level: the ground far away
    assert depth[5, 40] == SKY_DEPTH
    assert share[40, 40] == pytest.approx(1 / 1.5, abs=0.01)  # sun 1 and sky 0.5 from above
    assert share[5, 40] == 0
    assert (frame > 0).all()


def test_the_sun_reaches_what_nothing_hides_from_it(fixed: Fixed) -> None:
    everything = np.arange(len(fixed.groups))
    assert sunlight(fixed, everything, lamps(UP), (20.0, 5.0, 0.0), 8, 0) == 0
    assert sunlight(fixed, everything, lamps(UP), (20.0, 5.0, 6.0), 8, 0) == 1  # on the roof
    assert sunlight(fixed, everything, lamps(UP), (0.0, 5.0, 0.0), 8, 0) == 1


def test_where_a_shadow_ends_half_of_a_wide_sun_is_seen(fixed: Fixed) -> None:
    """From here the roof's edge at x = 18 runs through the sun's middle: 5 m up, 3.75 m ahead."""
    wide = lamps(np.array([0.0, 0.6, 0.8]), spread=0.1)
    everything = np.arange(len(fixed.groups))
    seen = [sunlight(fixed, everything, wide, (x, 1.25, 0.0), 400, 0) for x in (17.0, 18.0, 19.0)]
    assert seen == pytest.approx([1, 0.5, 0], abs=0.06)
