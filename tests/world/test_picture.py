"""Pictures of persons in a plain room: colours, hidden joints and shadows are what geometry says."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import JOINT_NAMES
from reseen.world.bodies.poses import Stance
from reseen.world.figure import Posed, make_figure, put
from reseen.world.optics.cameras import Camera
from reseen.world.optics.sensor import Sensor
from reseen.world.people.casting import draw_pedestrians
from reseen.world.people.colours import colour_class
from reseen.world.people.pedestrian import Pedestrian
from reseen.world.picture import Picture, Window, draw
from reseen.world.places.fixed import Fixed
from reseen.world.places.scenes import Light, Scene

JOINT = {name: number for number, name in enumerate(JOINT_NAMES)}


@lru_cache
def studio() -> Scene:
    """A grey room under even light, seen from eye height by a camera without a fault."""
    height, width = 480, 240
    camera = Camera(1, (0.0, -6.0, 1.0), 0.0, 0.0, 0.0, 1000.0, width, height, Sensor(quality=100))
    light = Light((0.3, -0.8, 0.52), (0.25, 0.25, 0.25), (0.75, 0.75, 0.75), (0.6, 0.6, 0.6))
    empty = Fixed(np.zeros((0, 16)), np.zeros((0, 9)), np.zeros((0, 9)), np.zeros((0, 20)))
    grey = np.full((height, width, 3), 0.4, np.float32)
    far = np.full((height, width), 30.0, np.float32)
    return Scene(camera, light, grey, far, np.zeros_like(far), np.zeros((1, 2), np.float32), empty)


def portrait(person: Pedestrian, stance: Stance, heading: float, *others: Posed, scene: Scene | None = None) -> Picture:
    scene = scene or studio()
    posed = put(make_figure(person), stance, np.zeros(2, np.float32), heading)
    whole = Window(0, 0, scene.camera.width, scene.camera.height)
    return draw(scene, [posed, *others], whole, (480, 240), np.random.default_rng(0))


@pytest.mark.parametrize("part", [Part.UPPER, Part.LOWER])
def test_the_median_colour_of_a_garment_is_in_its_class(part: Part):
    attribute = MARKET1501_SCHEMA[f"{part.name.lower()}_color"]
    right = []
    for person in draw_pedestrians(3, 24):
        label = person.attributes.get(attribute.name)
        if label is None:
            continue
        picture = portrait(person, Stance(0.1, 0.8, "hang", "hang"), 20.0)
        median = np.median(picture.pixels[picture.parts == part], axis=0) / 255
        right.append(colour_class(tuple(median), attribute.classes) == attribute.classes[label])
    assert len(right) > 15
    assert np.mean(right) >= 0.9


def test_a_person_seen_from_behind_shows_neither_nose_nor_eyes():
    person = draw_pedestrians(0, 1)[0]
    stance = Stance(0.3, 0.0, "hang", "hang")
    for heading, seen in ((0.0, 2), (180.0, 1)):
        states = portrait(person, stance, heading).keypoints[:, 2]
        assert {states[JOINT[name]] for name in ("nose", "left_eye", "right_eye")} == {seen}
    front = portrait(person, stance, 0.0).keypoints
    assert front[JOINT["left_shoulder"], 0] > front[JOINT["right_shoulder"], 0]  # they look at us


def test_who_stands_in_front_hides_joints_and_is_not_in_the_mask():
    first, second = draw_pedestrians(0, 2)
    stance = Stance(0.3, 0.0, "hang", "hang")
    alone = portrait(first, stance, 0.0)
    other = put(make_figure(second), stance, np.array([0.25, -1.0], np.float32), 0.0)
    behind = portrait(first, stance, 0.0, other)
    hidden = (alone.keypoints[:, 2] == 2) & (behind.keypoints[:, 2] == 1)
    assert hidden[JOINT["left_shoulder"]]
    assert hidden.sum() >= 3
    assert np.allclose(alone.keypoints[:, :2], behind.keypoints[:, :2])
    assert (behind.parts > 0).sum() < 0.85 * (alone.parts > 0).sum()
    assert not ((behind.parts > 0) & (alone.parts == 0)).any()


def test_what_stands_before_a_person_hides_joints_and_is_not_in_the_mask():
    """A wall three metres before the camera covers what is below the hips of a person six metres away."""
    person, stance = draw_pedestrians(0, 1)[0], Stance(0.3, 0.0, "hang", "hang")
    free = portrait(person, stance, 0.0)
    edge = int(free.keypoints[[JOINT["left_hip"], JOINT["right_hip"]], 1].mean()) + 10
    depth = studio().depth.copy()
    depth[edge:] = 3.0
    behind = portrait(person, stance, 0.0, scene=replace(studio(), depth=depth))
    low = free.keypoints[:, 1] > edge
    assert low.sum() == 4  # knees and ankles
    assert (free.keypoints[low, 2] == 2).all()
    assert (behind.keypoints[low, 2] == 1).all()
    assert np.array_equal(behind.keypoints[~low, 2], free.keypoints[~low, 2])
    assert not behind.parts[edge + 1 :].any()
    assert np.array_equal(behind.parts[: edge - 1], free.parts[: edge - 1])


def test_a_shadow_falls_away_from_the_sun():
    """The floor in the studio's window is darkened on the side the light does not come from."""
    camera = Camera(1, (0.0, -6.0, 5.0), 0.0, math.radians(35), 0.0, 500.0, 400, 400, Sensor(quality=100))
    light = Light((0.8, 0.0, 0.6), (0.9, 0.9, 0.9), (0.1, 0.1, 0.1), (0.1, 0.1, 0.1))
    right, down, forward = camera.rotation[:, 2]
    slope = (np.arange(400) + 0.5 - 200) / 500
    falling = -(forward + slope * right + slope[:, None] * down)  # of each pixel's ray
    depth = np.where(falling > 0, 5.0 / np.maximum(falling, 1e-3), 100).astype(np.float32)
    frame = np.full((400, 400, 3), 0.5, np.float32)
    share = np.full((400, 400), 0.85, np.float32)
    scene = Scene(camera, light, frame, depth, share, np.zeros((1, 2), np.float32), studio().fixed)
    posed = put(make_figure(draw_pedestrians(0, 1)[0]), Stance(0.3, 0.0, "hang", "hang"), np.zeros(2, np.float32), 0.0)
    picture = draw(scene, [posed], Window(0, 0, 400, 400), (400, 400), np.random.default_rng(0))
    left, right = (camera.project(np.array([[x, 0.0, 0.0]]))[0] for x in (-0.7, 0.7))
    shaded, open_ = (picture.pixels[int(v), int(u)].mean() for u, v, _ in (left, right))
    assert shaded < 0.6 * open_
