"""Scenes that processes share: made once, and read back to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reseen.world.optics.cameras import Camera
from reseen.world.optics.sensor import Sensor
from reseen.world.places import scene_files
from reseen.world.places.builder import Builder
from reseen.world.places.scenes import Light, Scene


def scene(seed: int, camid: int) -> Scene:
    rng = np.random.default_rng([seed, camid])
    camera = Camera(camid, (0.0, 0.0, 3.0), 0.0, 0.3, 0.0, 50.0, 12, 8, Sensor())
    frame, depth, share, places = (rng.random(shape, np.float32) for shape in ((8, 12, 3), (8, 12), (8, 12), (5, 2)))
    builder = Builder(rng)
    builder.ground(builder.plain((0.5, 0.5, 0.5)))
    light = Light((0.0, 0.0, 1.0), (1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (0.1, 0.1, 0.1))
    return Scene(camera, light, frame, depth, share, places, builder.fixed())


def test_a_scene_is_made_once_and_read_back_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(scene_files, "make_scene", lambda seed, camid: made.append(camid) or scene(seed, camid))
    for camid in (4, 4, 7, 4):
        found, expected = scene_files.shared_scene(tmp_path, 1, camid), scene(1, camid)
        assert (found.camera, found.light) == (expected.camera, expected.light)
        for name in ("frame", "depth", "sun_share", "places"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
        for one, other in zip(found.fixed, expected.fixed, strict=True):
            np.testing.assert_array_equal(one, other)
    assert made == [4, 7]


def test_writing_into_a_scene_changes_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_files, "make_scene", scene)
    scene_files.shared_scene(tmp_path, 1, 2).frame[:] = -1
    assert scene_files.shared_scene(tmp_path, 1, 2).frame.min() >= 0
