"""Labels agree with pixels, and pictures with their seeds."""

from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.sets.rendered import load
from reseen.data.sets.rendered.config import RenderConfig
from reseen.data.sets.rendered.labels import Part
from reseen.world.people.colours import colour_class
from reseen.world.world import _PAUSE, Shot, World

SIZE = (128, 64)
PERSONS = 24


def config(seed: int = 0) -> RenderConfig:
    return RenderConfig(persons=PERSONS, seed=seed, cameras=3, test_share=0)


@lru_cache
def world(seed: int = 0) -> World:
    return World(config(seed))


@lru_cache
def shots() -> dict[int, Shot]:
    return {pid: world().shot(pid, pid % 3 + 1, 0, SIZE) for pid in range(1, PERSONS + 1)}


def test_the_same_seed_gives_the_same_bytes_whatever_was_drawn_before():
    again = World(config()).shot(5, 3, 0, SIZE)
    before = shots()[5]
    assert np.array_equal(again.pixels, before.pixels)
    assert np.array_equal(again.keypoints, before.keypoints)
    assert np.array_equal(again.parts, before.parts)
    assert again.seconds == before.seconds


def test_another_seed_another_index_and_another_camera_give_other_pictures():
    others = [world(1).shot(5, 3, 0, SIZE), world().shot(5, 3, 1, SIZE), world().shot(5, 2, 0, SIZE)]
    assert not any(np.array_equal(shots()[5].pixels, other.pixels) for other in others)
    assert world(1).pedestrians != world().pedestrians


@pytest.mark.parametrize("size", [(256, 128), (384, 128)])
def test_larger_pictures_show_the_same_in_more_pixels(size: tuple[int, int]):
    large, small = world().shot(5, 3, 0, size), shots()[5]
    assert large.pixels.shape == (*size, 3)
    assert large.parts.shape == size
    assert abs((large.parts > 0).any(axis=1).mean() - (small.parts > 0).any(axis=1).mean()) < 0.1
    for x, y, state in large.keypoints:
        if state == 2:
            assert large.parts[max(int(y) - 1, 0) : int(y) + 2, max(int(x) - 1, 0) : int(x) + 2].any()
    if size == (256, 128):  # the same window, so everything lies at twice the place
        assert np.allclose(large.keypoints[:, :2], 2 * small.keypoints[:, :2], atol=0.01)
        assert np.array_equal(large.keypoints[:, 2], small.keypoints[:, 2])
        halved = large.pixels.reshape(128, 2, 64, 2, 3).mean(axis=(1, 3))
        assert np.corrcoef(halved.ravel(), small.pixels.ravel())[0, 1] > 0.95


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


@pytest.mark.parametrize("part", [Part.UPPER, Part.LOWER])
def test_most_garments_have_their_colour_in_pictures_of_any_camera(rendered: Path, part: Part):
    """Coloured light, shadows, noise and compression may turn a colour into its neighbour, but not often."""
    attribute = MARKET1501_SCHEMA[f"{part.name.lower()}_color"]
    right = []
    for image in chain.from_iterable(load(rendered, masks=True).parts().values()):
        pixels, label = np.asarray(image.open())[image.open_mask() == part], image.attributes.get(attribute.name)
        if label is not None and len(pixels) > 100:
            median = tuple(np.median(pixels, axis=0) / 255)
            right.append(colour_class(median, attribute.classes) == attribute.classes[label])
    assert len(right) > 120
    assert np.mean(right) >= 0.8


@pytest.mark.long
def test_a_passer_by_never_hides_whom_the_labels_are_of(monkeypatch: pytest.MonkeyPatch):
    """Here somebody stands within an arm's length of everybody."""
    here = World(config())
    monkeypatch.setattr(f"{World.__module__}._BESIDE_METRES", (0.2, 0.6))

    def seen(beside: float, least: int) -> np.ndarray:
        monkeypatch.setattr(f"{World.__module__}._BESIDE", beside)
        monkeypatch.setattr(f"{World.__module__}._SEEN", least)
        taken = [here.shot(pid, camid, 0, SIZE) for pid in range(1, PERSONS + 1) for camid in (1, 2)]
        return np.array([(shot.keypoints[:, 2] == 2).sum() for shot in taken])

    alone, crowded, kept = seen(0.0, 6), seen(1.0, 0), seen(1.0, 6)
    assert (crowded < np.minimum(alone, 6)).any()
    assert (kept >= np.minimum(alone, 6)).all()
    assert (kept < alone).any()


@pytest.mark.parametrize(("persons", "share"), [(50, 0.3), (5, 0.4), (3, 0.3), (30, 0)])
def test_training_and_test_persons_never_pass_each_other(persons: int, share: float):
    settings = RenderConfig(persons=persons, test_share=share)
    here, last = World(settings), persons - settings.test_persons
    for pid in range(1, persons + 1):
        others = here.neighbours(pid)
        own = set(range(1, last + 1) if pid <= last else range(last + 1, persons + 1)) - {pid}
        assert set(others) <= own
        assert len(others) == len(set(others)) == min(12, len(own))


def test_pictures_in_shared_scenes_are_the_same(tmp_path: Path):
    """The first world writes the scene, the second finds it."""
    for _ in range(2):
        shot = World(config(), tmp_path).shot(5, 3, 0, SIZE)
        assert np.array_equal(shot.pixels, shots()[5].pixels)
        assert np.array_equal(shot.parts, shots()[5].parts)
        assert np.array_equal(shot.keypoints, shots()[5].keypoints)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.npy", "3.pickle"]


@pytest.mark.parametrize("images", [4, 50])
def test_nobody_is_at_two_cameras_at_once(images: int):
    here = World(RenderConfig(persons=60, images_per_camera=images))
    for pid in range(1, 61):
        begins = sorted(here._arrival(pid, camid) for camid in here.cameras_of(pid))
        assert min(np.diff(begins)) > images * _PAUSE
