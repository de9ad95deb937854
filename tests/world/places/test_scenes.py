from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from reseen.world.optics.cameras import Camera
from reseen.world.optics.sensor import Sensor
from reseen.world.places.builder import Builder, box
from reseen.world.places.fixed import clearances, ground_at
from reseen.world.places.layouts import KINDS
from reseen.world.places.scenes import Light, build_scene, draw_light, layout_of, make_scene

CAMERA = Camera(1, (0.0, 0.0, 4.0), 0.0, 0.35, 0.0, 330.0, 320, 240, Sensor())
# The sun stands at 45 degrees over the far side, so that shadows fall towards the camera.
LIGHT = Light((0.0, 0.5**0.5, 0.5**0.5), (1.0, 0.9, 0.8), (0.4, 0.5, 0.6), (0.1, 0.1, 0.1))


@pytest.fixture(scope="module")
def yard():
    """Bare ground and a wall 4 m high whose near side lies at y = 10."""
    b = Builder(np.random.default_rng(0))
    wall = b.plain((0.5, 0.4, 0.3))
    b.add(box(wall, (0.0, 11.0), (0.0, 4.0), (3.0, 1.0)))
    b.ground(b.plain((0.5, 0.5, 0.5)))
    return build_scene(CAMERA, b.fixed(), LIGHT, np.random.default_rng(1))


@cache
def scene_of(camid):
    return make_scene(0, camid)


@pytest.fixture(params=[4, 6])
def scene(request):
    return scene_of(request.param)


def pixel(scene, point):
    u, v, _ = scene.camera.project(np.array([point]))[0]
    return int(v), int(u)


def test_depth_is_that_of_the_nearest_thing(yard):
    ground, wall = (1.0, 7.0, 0.0), (1.0, 10.0, 1.5)
    for point in (ground, wall):
        expected = yard.camera.project(np.array([point]))[0, 2]
        assert yard.depth[pixel(yard, point)] == pytest.approx(expected, rel=0.01)


def test_a_person_is_lit_in_the_open_and_not_behind_the_wall(yard):
    assert yard.lit(np.array([0.0, 8.0])) == 0  # the wall's shadow reaches from y = 10 to y = 6 on the ground
    assert yard.lit(np.array([0.0, 3.0])) == 1
    assert yard.lit(np.array([6.0, 8.0])) == 1  # beside the wall
    assert 0 < yard.lit(np.array([0.0, 7.0])) < 1  # legs in the shadow, head above it


def test_the_suns_share_is_what_the_light_says(yard):
    shadow, open_ground = pixel(yard, (0.0, 8.0, 0.0)), pixel(yard, (0.5, 5.4, 0.0))
    sun = np.sum(yard.light.sun) * yard.light.direction[2]
    assert yard.sun_share[shadow] == 0
    assert yard.sun_share[open_ground] == pytest.approx(sun / (sun + np.sum(yard.light.sky)), abs=0.01)
    ratio = yard.frame[shadow].sum() / yard.frame[open_ground].sum()
    assert ratio == pytest.approx(1 - yard.sun_share[open_ground], rel=0.25)  # up to the ground's texture


def test_metering_scales_light_and_frame_alike(yard):
    factor = np.array(yard.light.sky) / np.array(LIGHT.sky)
    assert np.ptp(factor) < 1e-9
    albedo = 0.2140  # linear value of the ground's 0.5, up to its texture
    expected = albedo * (np.array(yard.light.sun) * 0.5**0.5 + np.array(yard.light.sky))
    assert yard.frame[pixel(yard, (0.5, 5.4, 0.0))] == pytest.approx(expected, rel=0.2)


def test_nobody_stands_in_or_behind_the_wall(yard):
    assert len(yard.places) > 50
    x, y = yard.places.T
    assert not ((np.abs(x) < 3.3) & (y > 9.7)).any()


def test_every_place_shows_a_whole_person(scene):
    camera, count = scene.camera, len(scene.places)
    assert count > 100
    feet = camera.project(np.column_stack([scene.places, np.zeros(count)]))
    head = camera.project(np.column_stack([scene.places, np.full(count, 1.95)]))
    for points in (feet, head):
        assert (points[:, :2] >= 0).all()
        assert (points[:, :2] <= [camera.width, camera.height]).all()
    assert (feet[:, 1] - head[:, 1] >= 60).all()


def test_no_place_lies_in_an_object_or_off_the_way(scene):
    assert clearances(scene.fixed, scene.places.astype(float), 1.95).min() > 0.3
    assert all(scene.fixed.grounds[ground_at(scene.fixed, x, y)[0], 8] > 0 for x, y in scene.places.astype(float))


def hidden(scene):
    """Share of points up a person's middle that something nearer hides, for each place."""
    shares = []
    for height in np.linspace(0.1, 1.7, 9):
        points = np.column_stack([scene.places, np.full(len(scene.places), height)])
        u, v, depth = scene.camera.project(points).T
        shares.append(scene.depth[v.astype(int), u.astype(int)] < depth - 0.12)
    return np.mean(shares, axis=0)


def test_some_places_are_partly_hidden_but_none_wholly(scene):
    share = hidden(scene)
    assert share.max() < 0.8
    assert np.mean(share > 0) < 0.2
    assert (share > 0).any()


def test_depth_of_free_ground_at_a_place_agrees_with_the_camera(scene):
    free = scene.places[hidden(scene) == 0]
    u, v, depth = scene.camera.project(np.column_stack([free, np.zeros(len(free))])).T
    seen = scene.depth[v.astype(int), u.astype(int)]
    near = np.abs(seen / depth - 1) < 0.02
    assert np.mean(near) > 0.95  # a thin thing may stand before the very feet


def test_frames_are_sensible(scene):
    shape = (scene.camera.height, scene.camera.width)
    assert scene.frame.shape == (*shape, 3)
    assert scene.depth.shape == scene.sun_share.shape == shape
    assert all(array.dtype == np.float32 for array in (scene.frame, scene.depth, scene.sun_share, scene.places))
    assert np.isfinite(scene.frame).all()
    assert scene.frame.min() >= 0
    assert (scene.depth > 0).all()
    assert 0 <= scene.sun_share.min() <= scene.sun_share.max() <= 1
    assert 0.06 < np.median(scene.frame) < 0.4


def test_same_seed_same_scene_and_other_cameras_see_something_else():
    first, again, other = scene_of(4), make_scene(0, 4), scene_of(6)
    for name in ("frame", "depth", "sun_share", "places"):
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes()
    height, width = np.minimum(first.depth.shape, other.depth.shape)
    for name in ("frame", "depth"):
        difference = np.abs(getattr(first, name)[:height, :width] - getattr(other, name)[:height, :width])
        assert np.median(difference) > 0.01


def test_the_first_six_cameras_see_six_kinds_of_places():
    for seed in range(5):
        assert {layout_of(seed, camid) for camid in range(1, 7)} == set(KINDS)


def test_the_sun_stands_above_the_ground():
    for seed in range(30):
        light = draw_light(np.random.default_rng(seed), indoors=seed % 2 == 0)
        assert np.linalg.norm(light.direction) == pytest.approx(1)
        assert light.direction[2] > 0.4
        assert min(*light.sun, *light.sky, *light.bounce) > 0


def test_a_scene_without_sun_has_no_share_of_it(yard):
    dark = replace(LIGHT, sun=(0.0, 0.0, 0.0))
    assert not build_scene(CAMERA, yard.fixed, dark, np.random.default_rng(1)).sun_share.any()
