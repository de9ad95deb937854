"""A clip of several rendered persons who walk past a camera, with the truth about who is where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.world.bodies.poses import draw_stance
from reseen.world.figure import Posed, put
from reseen.world.picture import Window, draw
from reseen.world.places.fixed import clearances
from reseen.world.places.scenes import Scene
from reseen.world.world import World

_STRIDE = 1.45
"""Metres that two steps take."""
_SPEED = (1.1, 1.6)
"""Metres a second."""
_WAY = 4.0
"""Metres that somebody walks, at least."""
_CLEAR, _TALL = 0.3, 2.0
"""Metres that a way keeps from everything lower than so many metres."""
_STEP = 0.25
"""Metres from one point of a way, at which that is looked at, to the next."""
_TRIES = 400


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody's way past a camera, straight and at one speed.

    Attributes:
        pid: Who.
        start: (2,) where it begins, metres.
        end: (2,) where it ends.
        begin: Seconds after the first frame.
        speed: Metres a second.
    """

    pid: int
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    begin: float
    speed: float

    def at(self, seconds: float) -> NDArray[np.float64] | None:
        """Returns where they are (2,), or None before they come and after they have gone."""
        way = self.end - self.start
        share = (seconds - self.begin) * self.speed / float(np.linalg.norm(way))
        return self.start + share * way if 0 <= share <= 1 else None


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One picture of a clip.

    Attributes:
        seconds: When, since the first one.
        pixels: (H, W, 3) uint8 sRGB.
        boxes: (4,) float32 left, top, right and bottom in pixels, by pid.
    """

    seconds: float
    pixels: NDArray[np.uint8]
    boxes: dict[int, NDArray[np.float32]]


def draw_walks(scene: Scene, pids: Sequence[int], seconds: float, rng: np.random.Generator) -> list[Walk]:
    """Draws a way for each person, all of which lie where people may walk.

    Args:
        scene: Where.
        pids: Who.
        seconds: Everybody sets out within the first half of this time.
        rng: Source of everything random.

    Raises:
        ReseenError: If the scene has no way that is long enough.
    """
    walks: list[Walk] = []
    for _ in range(_TRIES):
        if len(walks) == len(pids):
            break
        start, end = scene.places[rng.choice(len(scene.places), 2, replace=False)].astype(np.float64)
        length = float(np.linalg.norm(end - start))
        way = np.linspace(start, end, max(2, math.ceil(length / _STEP)))
        if length >= _WAY and clearances(scene.fixed, way, _TALL).min() >= _CLEAR:
            begin = 0.0 if not walks else float(rng.uniform(0, seconds / 2))
            walks.append(Walk(pids[len(walks)], start, end, begin, float(rng.uniform(*_SPEED))))
    if len(walks) < len(pids):
        raise ReseenError("the scene has no room to walk; choose another camera or seed")
    return walks


def film(
    world: World, camid: int, walks: Sequence[Walk], *, seconds: float, rate: float, height: int = 576, seed: int = 0
) -> Iterator[FilmFrame]:
    """Renders a clip.

    Args:
        world: Whose people and cameras.
        camid: Which camera.
        walks: Who walks where.
        seconds: How long.
        rate: Frames a second.
        height: Of the frames in pixels; their shape is the camera's.
        seed: Of the sensor's noise.
    """
    scene = world.scene(camid)
    camera = scene.camera
    scale = height / camera.height
    size = (height, round(camera.width * scale / 2) * 2)
    window = Window(0, 0, camera.width, camera.height)
    for number in range(round(seconds * rate)):
        now = number / rate
        posed = {walk.pid: own for walk in walks if (own := _walking(world, walk, now)) is not None}
        rng = np.random.default_rng([seed, number])
        if posed:
            pixels = draw(scene, list(posed.values()), window, size, rng).pixels
        else:
            pixels = draw(scene, [_far_away(world, walks[0])], window, size, rng).pixels
        boxes = {pid: _box(scene, own, scale, size) for pid, own in posed.items()}
        yield FilmFrame(now, pixels, {pid: box for pid, box in boxes.items() if box is not None})


def _walking(world: World, walk: Walk, now: float) -> Posed | None:
    place = walk.at(now)
    if place is None:
        return None
    person = world.pedestrians[walk.pid - 1]
    habit = draw_stance(
        np.random.default_rng([15, walk.pid]),
        stride=1.0,
        bag=person.bag is not None,
        backpack=person.backpack is not None,
        handbag=person.handbag is not None,
    )
    gone = float(np.linalg.norm(place - walk.start))
    stance = replace(habit, phase=gone / _STRIDE % 1, stride=1.0)
    ahead = walk.end - walk.start
    heading = math.degrees(math.atan2(ahead[0], -ahead[1]))
    return put(world.figure(walk.pid), stance, place.astype(np.float32), heading)


def _far_away(world: World, walk: Walk) -> Posed:
    """Somebody behind the camera, who is not seen: a scene is drawn around at least one person."""
    away = replace(walk, start=walk.start - 1e4, end=walk.end - 1e4, begin=0.0)
    posed = _walking(world, away, 0.0)
    assert posed is not None
    return posed


def _box(scene: Scene, posed: Posed, scale: float, size: tuple[int, int]) -> NDArray[np.float32] | None:
    """Returns the box around a person, cut off at the frame's edge, or None if nothing of them is in the frame."""
    points = scene.camera.project(posed.vertices)
    if (points[:, 2] <= 0).any():
        return None
    box = np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)]) * scale
    box = box.clip(0, [size[1], size[0], size[1], size[0]])
    return box.astype(np.float32) if (box[2:] - box[:2] >= 1).all() else None
