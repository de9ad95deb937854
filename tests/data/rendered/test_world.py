"""Labels agree with pixels, and pictures with their seeds."""

from functools import lru_cache

import numpy as np
import pytest

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.rendered.body import JOINT_NAMES
from reseen.data.rendered.colours import LOWER_COLOURS, UPPER_COLOURS, colour_class
from reseen.data.rendered.figure import make_figure, put
from reseen.data.rendered.mesh import Part
from reseen.data.rendered.picture import Window, draw
from reseen.data.rendered.poses import Stance
from reseen.data.rendered.scenes import Light, Scene
from reseen.data.rendered.world import Shot, World

SIZE = (128, 64)
PERSONS = 24
JOINT = {name: number for number, name in enumerate(JOINT_NAMES)}


@lru_cache
def world(seed: int = 0) -> World:
    return World(seed, PERSONS, cameras=3, cameras_per_person=3)


@lru_cache
def shots() -> dict[int, Shot]:
    return {pid: world().shot(pid, pid % 3 + 1, 0, SIZE) for pid in range(1, PERSONS + 1)}


def test_the_same_seed_gives_the_same_bytes_whatever_was_drawn_before():
    again = World(0, PERSONS, cameras=3, cameras_per_person=3).shot(5, 3, 0, SIZE)
    before = shots()[5]
    assert np.array_equal(again.pixels, before.pixels)
    assert np.array_equal(again.keypoints, before.keypoints)
    assert np.array_equal(again.parts, before.parts)
    assert again.seconds == before.seconds


def test_another_seed_another_index_and_another_camera_give_other_pictures():
    others = [world(1).shot(5, 3, 0, SIZE), world().shot(5, 3, 1, SIZE), world().shot(5, 2, 0, SIZE)]
    assert not any(np.array_equal(shots()[5].pixels, other.pixels) for other in others)
    assert world(1).pedestrians != world().pedestrians


def test_the_person_fills_the_picture():
    for shot in shots().values():
        share = (shot.parts > 0).mean()
        rows = np.flatnonzero((shot.parts > 0).any(axis=1))
        assert 0.08 < share < 0.75
        assert np.ptp(rows) > 0.5 * SIZE[0]


def test_joints_that_are_seen_lie_on_the_body():
    on, seen = 0, 0
    for shot in shots().values():
        for x, y, state in shot.keypoints:
            if state == 2:
                row, column = int(y), int(x)
                near = shot.parts[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
                on, seen = on + bool((near > 0).any()), seen + 1
    assert seen > 8 * PERSONS
    assert on == seen


def test_joints_outside_the_picture_are_marked_so():
    for shot in shots().values():
        x, y, state = shot.keypoints.T
        inside = (x >= 0) & (x < SIZE[1]) & (y >= 0) & (y < SIZE[0])
        assert np.array_equal(state > 0, inside)


def test_heads_are_above_feet_and_the_mask_names_what_is_there():
    for shot in shots().values():
        rows = {part: np.flatnonzero((shot.parts == part).any(axis=1)) for part in Part}
        if len(rows[Part.SHOES]) and len(rows[Part.HAIR]):
            assert rows[Part.HAIR].mean() < rows[Part.UPPER].mean() < rows[Part.SHOES].mean()


def test_bags_are_in_the_mask_only_of_those_who_carry_them():
    for pid, shot in shots().items():
        person = world().pedestrians[pid - 1]
        for part, carried in ((Part.BACKPACK, person.backpack), (Part.BAG, person.bag), (Part.HANDBAG, person.handbag)):
            if carried is None:
                assert not (shot.parts == part).any()
            attribute = part.name.lower()
            assert person.attributes[attribute] == int(carried is not None)


@lru_cache
def neutral() -> Scene:
    """A grey yard under an even sky, photographed without any fault."""
    return studio()


def studio() -> Scene:
    from reseen.data.rendered.cameras import Camera
    from reseen.data.rendered.sensor import Sensor
    from tests.data.rendered.studio import make_studio

    return make_studio(Camera, Sensor, Light, Scene)


@pytest.mark.parametrize("part", ["upper", "lower"])
def test_the_median_colour_of_a_garment_is_in_its_class(part: str):
    names = UPPER_COLOURS if part == "upper" else LOWER_COLOURS
    right, labelled = 0, 0
    for person in world().pedestrians:
        label = person.attributes.get(f"{part}_color")
        if label is None:
            continue
        posed = put(make_figure(person), Stance(0.1, 0.8, "hang", "hang"), np.zeros(2, np.float32), 20.0)
        picture = draw(neutral(), [posed], WINDOW, (256, 128), np.random.default_rng(0))
        pixels = picture.pixels[picture.parts == Part[part.upper()]]
        median = tuple(float(value) / 255 for value in np.median(pixels, axis=0))
        right += colour_class(median, names) == MARKET1501_SCHEMA[f"{part}_color"].classes[label]
        labelled += 1
    assert labelled > PERSONS / 2
    assert right >= 0.9 * labelled


WINDOW = Window(0, 0, 1, 1)
