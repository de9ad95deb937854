"""What a camera sees when nobody is there: the frame, its depth, its sunlight, and where people may walk."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.world.optics.cameras import Camera, draw_camera
from reseen.world.places import candidates
from reseen.world.places.builder import Builder
from reseen.world.places.fixed import LOW, NEAR, Fixed, clearances, ground_at
from reseen.world.places.layouts import INDOORS, KINDS, Layout
from reseen.world.places.tracing import Index, Lamps, Rays, sunlight, trace

Floats = NDArray[np.float32]
Colour = tuple[float, float, float]

_STREAM, _ORDER_STREAM = 2, 3
"""Keep these random numbers apart from those that other parts draw from the same seed."""
_PERSON = 1.95
"""Height in metres of the person for whom a place must be large enough."""
_ROOM = 0.4
"""Metres a place keeps from anything a person would bump into."""
_HEIGHTS = (0.15, 0.35, 0.55, 0.75, 0.95, 1.15, 1.35, 1.55)
"""Metres above the ground at which a person is asked for sunlight."""
_SMALLEST = 76.0
"""Least height in native pixels of that person."""
_PLACES = 600
_FEWEST, _ATTEMPTS = 40, 8
"""Where fewer places are free, something stands before the lens: the scene is drawn again."""
_HIDDEN = 0.12
"""Share of places at which a fixed object hides part of the person."""


@dataclass(frozen=True, slots=True)
class Light:
    """How a scene is lit.

    A white surface with normal n has the radiance
    ``sun max(n . direction, 0) + sky (1 + n_z) / 2 + bounce (1 - n_z) / 2``.

    Attributes:
        direction: (3,) unit vector towards the sun or the lamps.
        sun: (3,) its radiance.
        sky: (3,) light from above.
        bounce: (3,) light from below.
        softness: Radius of the sun's disc in radians.
    """

    direction: Colour
    sun: Colour
    sky: Colour
    bounce: Colour
    softness: float = 0.008


@dataclass(frozen=True, slots=True)
class Scene:
    """A place without people.

    Attributes:
        camera: What sees it.
        light: What lights it.
        frame: (H, W, 3) float32 linear radiance.
        depth: (H, W) float32 along the optical axis in metres; 10,000 where there is nothing.
        sun_share: (H, W) float32 share of the radiance (summed over the colours) that the direct sun gives.
        places: (N, 2) float32 points of the ground where a person may stand.
        fixed: All that stands there.
    """

    camera: Camera
    light: Light
    frame: Floats
    depth: Floats
    sun_share: Floats
    places: Floats
    fixed: Fixed

    def lit(self, point: NDArray[np.float32]) -> float:
        """Returns the share of the sun that reaches a person standing at a point (2,): 0 in shadow, 1 in the open."""
        lamps = _lamps(self.light, mirrored=False)
        casting = np.flatnonzero(self.fixed.groups[:, 8] > 0)
        x, y = float(point[0]), float(point[1])
        seen = [sunlight(self.fixed, casting, lamps, (x, y, z), 4, n) for n, z in enumerate(_HEIGHTS)]
        return float(np.mean(seen))


def make_scene(seed: int, camid: int) -> Scene:
    """Makes the scene of a camera; the first six cameras see six kinds of places.

    Args:
        seed: Seed of the data set.
        camid: Camera id, from 1.

    Raises:
        ReseenError: If nothing leaves people room before the camera, which is not known to happen.
    """
    camera, layout = draw_camera(seed, camid), layout_of(seed, camid)
    indoors = layout in INDOORS
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([seed, _STREAM, camid, attempt])
        builder = Builder(rng)
        layout(builder, camera)
        scene = build_scene(camera, builder.fixed(), draw_light(rng, indoors=indoors), rng, indoors=indoors)
        if len(scene.places) >= _FEWEST:
            return scene
    raise ReseenError(f"camera {camid} of seed {seed} sees no place for people; choose another seed")


def layout_of(seed: int, camid: int) -> Layout:
    """Returns the kind of place a camera sees.

    Args:
        seed: Seed of the data set.
        camid: Camera id, from 1.
    """
    order = np.random.default_rng([seed, _ORDER_STREAM, (camid - 1) // len(KINDS)]).permutation(len(KINDS))
    return KINDS[int(order[(camid - 1) % len(KINDS)])]


def build_scene(
    camera: Camera, fixed: Fixed, light: Light, rng: np.random.Generator, *, indoors: bool = False
) -> Scene:
    """Sees a world through a camera.

    Args:
        camera: What sees it.
        fixed: All that stands there.
        light: How it is lit, up to a common factor: the camera's metering chooses that.
        rng: Source of the places.
        indoors: Whether glossy floors mirror the room rather than the sky.
    """
    rays = Rays(np.array(camera.position), camera.rotation, camera.focal, camera.width, camera.height)
    lamps = _lamps(light, mirrored=indoors)
    index = Index(
        candidates.by_pixel(camera, fixed.groups),
        candidates.by_shadow(lamps.direction, light.softness, fixed.groups),
        candidates.by_ground(fixed.groups, NEAR, LOW),
    )
    frame, depth, share = trace(fixed, index, lamps, rays)
    factor = _metered(frame, depth, light)
    light = replace(
        light, sun=_times(light.sun, factor), sky=_times(light.sky, factor), bounce=_times(light.bounce, factor)
    )
    return Scene(camera, light, frame * np.float32(factor), depth, share, _places(camera, fixed, depth, rng), fixed)


def draw_light(rng: np.random.Generator, *, indoors: bool) -> Light:
    """Draws the light of a place.

    Args:
        rng: Source of randomness.
        indoors: Whether lamps on a ceiling stand for the sun.
    """
    warm = float(rng.normal(0, 0.04))
    azimuth = float(rng.uniform(0, 2 * math.pi))
    if indoors:
        height, sun, sky, softness = rng.uniform(1.1, 1.4), rng.uniform(0.25, 0.5), rng.uniform(0.55, 0.75), 0.3
        cold = float(rng.normal(0.0, 0.05))
        tints = (1 + warm, 1.0, 1 - warm), (1 - cold, 1.0, 1 + cold)
    else:
        height = rng.uniform(math.radians(28), math.radians(62))
        weather = rng.random()
        if weather < 0.45:
            sun, sky, softness = rng.uniform(0.05, 0.25), 0.9, 0.25
            tints = (1.0, 1.0, 0.98), (0.99 + warm, 1.0, 1.02 - warm)
        elif weather < 0.75:
            sun, sky, softness = rng.uniform(0.4, 0.8), 0.65, 0.03
            tints = (1.03, 1.0, 0.94), (0.97 + warm, 1.0, 1.04 - warm)
        else:
            sun, sky, softness = rng.uniform(1.0, 1.5), 0.5, 0.008
            tints = (1.06 + warm, 1.0, 0.88 - warm), (0.9, 1.0, 1.14)
    direction = (
        math.cos(azimuth) * math.cos(height),
        math.sin(azimuth) * math.cos(height),
        math.sin(height),
    )
    ground = float(rng.uniform(0.18, 0.32)) + 0.12 * indoors
    below = ground * (sun * math.sin(height) + sky)
    return Light(
        direction,
        _times(tints[0], float(sun)),
        _times(tints[1], float(sky)),
        (below * 1.03, below, below * 0.96),
        softness,
    )


def _times(colour: Colour, factor: float) -> Colour:
    red, green, blue = colour
    return red * factor, green * factor, blue * factor


def _lamps(light: Light, *, mirrored: bool) -> Lamps:
    return Lamps(
        np.array(light.direction),
        np.array(light.sun),
        np.array(light.sky),
        np.array(light.bounce),
        light.softness,
        mirrored,
    )


def _metered(frame: Floats, depth: Floats, light: Light) -> float:
    """Returns the exposure between that for the frame's mid-tones and that for the light itself."""
    grey = frame[::4, ::4].mean(axis=2)
    middle = float(np.median(grey[depth[::4, ::4] < 40]))
    upright = float(np.mean(np.array(light.sky) + np.array(light.bounce)) / 2 + 0.3 * np.mean(light.sun))
    return float(np.sqrt(0.17 / middle * 0.75 / upright))


def _places(camera: Camera, fixed: Fixed, depth: Floats, rng: np.random.Generator) -> Floats:
    """Returns where a person fits into the frame, stands free of everything, and is at most half hidden."""
    half = math.atan(camera.width / 2 / camera.focal)
    angle = camera.yaw + rng.uniform(-half, half, 6000)
    away = rng.uniform(2.0, 26.0, 6000)
    points = np.stack([-np.sin(angle) * away, np.cos(angle) * away], axis=1) + np.array(camera.position[:2])
    points = points[_fits(camera, points)]
    points = points[clearances(fixed, points, _PERSON) > _ROOM]
    points = points[[fixed.grounds[ground_at(fixed, float(x), float(y))[0], 8] > 0 for x, y in points]]
    hidden = _hidden(camera, depth, points)
    free, partly = points[hidden < 0.02], points[(hidden >= 0.04) & (hidden <= 0.5)]
    free = free[:_PLACES]
    kept = np.concatenate([free, partly[: round(len(free) * _HIDDEN / (1 - _HIDDEN))]])
    return np.ascontiguousarray(rng.permutation(kept), dtype=np.float32)


def _upright(camera: Camera, points: NDArray[np.float64], height: float, aside: float) -> NDArray[np.float64]:
    """Projects points (N, 2) of the ground raised by a height and moved to the right of the view (N, 3)."""
    right = np.array([math.cos(camera.yaw), math.sin(camera.yaw)])
    moved = points + aside * right
    return camera.project(np.column_stack([moved, np.full(len(points), height)]))


def _fits(camera: Camera, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    fits = np.ones(len(points), np.bool_)
    for height in (-0.1, _PERSON + 0.1):
        for aside in (-0.5, 0.5):
            u, v, depth = _upright(camera, points, height, aside).T
            fits &= (depth > 0.5) & (u > 2) & (u < camera.width - 2) & (v > 2) & (v < camera.height - 2)
    tall = _upright(camera, points, 0, 0)[:, 1] - _upright(camera, points, _PERSON, 0)[:, 1]
    return fits & (tall > _SMALLEST)


def _hidden(camera: Camera, depth: Floats, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns which share of a person at each point (N,) something nearer hides."""
    behind = []
    for height in np.linspace(0.04, 1.72, 15):
        for aside in np.linspace(-0.2, 0.2, 5):
            u, v, away = _upright(camera, points, float(height), float(aside)).T
            seen = depth[v.astype(int), u.astype(int)]
            behind.append(seen < away - 0.12)
    share: NDArray[np.float64] = np.mean(behind, axis=0)
    return share
