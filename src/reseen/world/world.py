"""The rendered world: its people, its cameras, and any picture of one taken by the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reseen.data.sets.rendered.config import RenderConfig
from reseen.world.bodies.poses import draw_stance
from reseen.world.figure import Figure, Posed, make_figure, put
from reseen.world.people.casting import draw_pedestrians
from reseen.world.picture import Window, draw
from reseen.world.places.scene_files import shared_scene
from reseen.world.places.scenes import Scene, make_scene

_FIGURES_KEPT = 48
_NEIGHBOURS = 12
_BESIDE = 0.22
"""Share of pictures with another person near, where there is room."""
_BESIDE_METRES = (0.6, 1.7)
_PAUSE = 10.0
"""Seconds between two pictures of a person by one camera: they cross what it sees, and turn, meanwhile."""
_WAY = (20.0, 380.0)
"""Seconds from one camera to the next."""
_SEEN = 6
"""Joints, at least, that a passer-by may leave to be seen."""
_RECORDING = 4 * 3600.0
"""Seconds within which everybody sets out."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of one person with everything known about it.

    Attributes:
        pixels: (H, W, 3) uint8 sRGB.
        keypoints: (18, 3) float32 x, y in pixels, and 2 seen, 1 hidden, 0 outside; joints in the order of
            `reseen.world.bodies.body.JOINT_NAMES`.
        parts: (H, W) uint8 values of `reseen.data.sets.rendered.labels.Part`.
        seconds: Time since the recording began.
    """

    pixels: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    parts: NDArray[np.uint8]
    seconds: float


class World:
    """People and cameras that follow from a few numbers.

    Scenes and figures are made when first needed and kept; a picture depends on nothing but the configuration and the
    arguments of `shot`.

    Args:
        config: Who there is and how many cameras; the sizes of images and files do not matter here.
        scenes: Folder for scenes that are shared with other processes; see `shared_scene`.
    """

    def __init__(self, config: RenderConfig, scenes: Path | None = None) -> None:
        self.pedestrians = draw_pedestrians(config.seed, config.persons)
        self._seed, self._cameras, self._cameras_per_person = config.seed, config.cameras, config.cameras_per_person
        self._training_persons = config.persons - config.test_persons
        self._visit = _PAUSE * config.images_per_camera
        self._folder = scenes
        self._scenes: dict[int, Scene] = {}
        self._figures: OrderedDict[int, Figure] = OrderedDict()

    def cameras_of(self, pid: int) -> tuple[int, ...]:
        """Returns the camids that see a person, ascending."""
        everywhere = np.arange(1, self._cameras + 1)
        if self._cameras <= self._cameras_per_person:
            return tuple(everywhere.tolist())
        rng = np.random.default_rng([self._seed, 11, pid])
        return tuple(sorted(rng.choice(everywhere, self._cameras_per_person, replace=False).tolist()))

    def neighbours(self, pid: int) -> tuple[int, ...]:
        """Returns the pids of those who may pass by, ascending from the next one: their figures are likely at hand.

        Training and test persons never pass each other.
        """
        first, last = 1, self._training_persons
        if pid > last:
            first, last = last + 1, len(self.pedestrians)
        count = last - first + 1
        return tuple(first + (pid - first + step) % count for step in range(1, min(_NEIGHBOURS, count - 1) + 1))

    def scene(self, camid: int) -> Scene:
        """Returns what a camera sees when nobody is there."""
        if camid not in self._scenes:
            self._scenes[camid] = (
                shared_scene(self._folder, self._seed, camid) if self._folder else make_scene(self._seed, camid)
            )
        return self._scenes[camid]

    def shot(self, pid: int, camid: int, index: int, size: tuple[int, int]) -> Shot:
        """Takes a picture.

        Args:
            pid: Whom.
            camid: By which camera.
            index: Which of the camera's pictures of this person, from 0.
            size: (height, width) in pixels.
        """
        scene = self.scene(camid)
        visit = np.random.default_rng([self._seed, 12, pid, camid])
        heading, begin = float(visit.uniform(0, 360)), self._arrival(pid, camid)
        rng = np.random.default_rng([self._seed, 13, pid, camid, index])
        place = scene.places[rng.integers(len(scene.places))]
        if rng.random() < 0.25:
            heading = float(rng.uniform(0, 360))
        person = self._posed(pid, place, heading + float(rng.normal(0, 20)), rng)
        people = [person]
        others = self.neighbours(pid)
        if rng.random() < _BESIDE and others:
            away = np.linalg.norm(scene.places - place, axis=1)
            beside = scene.places[(away > _BESIDE_METRES[0]) & (away < _BESIDE_METRES[1])]
            if len(beside):
                people.append(self._passer_by(others, beside[rng.integers(len(beside))], rng))
        window = _window(scene, person, size, rng)
        picture = draw(scene, people, window, size, rng)
        if len(people) > 1 and (picture.keypoints[:, 2] == 2).sum() < _SEEN:
            picture = draw(scene, [person], window, size, rng)  # the other one would be all there is to see
        return Shot(
            picture.pixels, picture.keypoints, picture.parts, begin + _PAUSE * index + float(rng.uniform(0, _PAUSE / 2))
        )

    def _arrival(self, pid: int, camid: int) -> float:
        """People walk past the cameras in an order of their own, minutes apart."""
        rng = np.random.default_rng([self._seed, 14, pid])
        order = rng.permutation(self._cameras)
        gaps = rng.uniform(*_WAY, self._cameras) + self._visit
        return float(rng.uniform(0, _RECORDING) + gaps[: int(np.flatnonzero(order == camid - 1)[0]) + 1].sum())

    def _posed(self, pid: int, place: NDArray[np.float32], heading: float, rng: np.random.Generator) -> Posed:
        figure = self.figure(pid)
        person = figure.person
        stance = draw_stance(
            rng,
            stride=person.stride,
            bag=person.bag is not None,
            backpack=person.backpack is not None,
            handbag=person.handbag is not None,
        )
        return put(figure, stance, place, heading)

    def _passer_by(self, others: Sequence[int], place: NDArray[np.float32], rng: np.random.Generator) -> Posed:
        other = others[int(rng.integers(len(others)))]
        return self._posed(other, place, float(rng.uniform(0, 360)), rng)

    def figure(self, pid: int) -> Figure:
        """Returns a person in rest pose; those used last are at hand."""
        if pid not in self._figures:
            self._figures[pid] = make_figure(self.pedestrians[pid - 1])
            if len(self._figures) > _FIGURES_KEPT:
                self._figures.popitem(last=False)
        self._figures.move_to_end(pid)
        return self._figures[pid]


def _window(scene: Scene, person: Posed, size: tuple[int, int], rng: np.random.Generator) -> Window:
    """The box a detector might draw: a little too large, a little beside, now and then cutting off feet or head."""
    points = scene.camera.project(person.vertices)[:, :2]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    tall = bottom - top
    above, below = np.clip(rng.normal(0.045, 0.03, 2), -0.02, 0.16)
    if rng.random() < 0.12:
        above, below = (above - 0.07, below) if rng.random() < 0.25 else (above, below - float(rng.uniform(0.05, 0.22)))
    height = tall * (1 + above + below)
    width = height * size[1] / size[0]
    # A long step or a wide bag must still fit.
    width = max(width, 0.92 * (right - left))
    centre = (left + right) / 2 + float(rng.normal(0, 0.05)) * width
    return Window(centre - width / 2, top - above * tall, width, height)
