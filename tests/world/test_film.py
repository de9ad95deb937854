"""A clip shows its people where it says they are."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.world import RenderConfig
from reseen.world.film import Walk, draw_walks, film
from reseen.world.world import World

CAMERA, HEIGHT = 2, 240


@pytest.fixture(scope="module")
def world() -> World:
    return World(RenderConfig(persons=12, images_per_camera=2, cameras=4, cameras_per_person=4))


def test_a_walk_is_straight_and_even() -> None:
    walk = Walk(1, np.array([0.0, 1.0]), np.array([3.0, 5.0]), begin=2.0, speed=1.0)
    assert walk.at(1.9) is None
    assert walk.at(2.0) == pytest.approx([0, 1])
    assert walk.at(4.5) == pytest.approx([1.5, 3])
    assert walk.at(7.0) == pytest.approx([3, 5])
    assert walk.at(7.1) is None


def test_people_are_where_the_boxes_say(world: World) -> None:
    (walk,) = draw_walks(world.scene(CAMERA), [3], 4.0, np.random.default_rng(0))
    nobody, first, second = (
        next(iter(film(world, CAMERA, [moved], seconds=1, rate=1, height=HEIGHT)))
        for moved in (
            Walk(3, walk.start, walk.end, 99.0, walk.speed),
            Walk(3, walk.start, walk.end, 0.0, walk.speed),
            Walk(3, walk.start, walk.end, -0.25, walk.speed),
        )
    )
    assert nobody.boxes == {}
    assert not np.array_equal(first.boxes[3], second.boxes[3])
    for frame in (first, second):
        changed = np.abs(frame.pixels.astype(int) - nobody.pixels).max(axis=2) > 60
        left, top, right, bottom = frame.boxes[3].round().astype(int)
        inside = changed[top:bottom, left:right]
        assert inside.mean() > 0.15  # their clothes
        assert inside.sum() > 0.6 * changed.sum()  # the rest is their shadow


def test_ways_lead_past_everything(world: World) -> None:
    scene = world.scene(CAMERA)
    walks = draw_walks(scene, [1, 2, 3], 6.0, np.random.default_rng(1))
    assert [walk.pid for walk in walks] == [1, 2, 3]
    assert walks[0].begin == 0
    for walk in walks:
        assert np.linalg.norm(walk.end - walk.start) >= 4
        assert 0 <= walk.begin <= 3
