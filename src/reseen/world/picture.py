"""One picture: persons in a scene, seen through a window of a camera's frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from PIL import Image

from reseen.world.figure import Posed
from reseen.world.optics import raster
from reseen.world.optics.raster import Floats
from reseen.world.optics.shading import cast_shadows, shade, shade_ground
from reseen.world.places.scenes import Scene

_SUPERSAMPLING = 2
_AROUND = 3.5
"""Metres round a person within which they take light from the scene."""
_DEPTH_OF_JOINT = np.array(
    [0.06, 0.12, 0.13, 0.10, 0.08, 0.13, 0.10, 0.08, 0.17, 0.12, 0.10, 0.17, 0.12, 0.10, 0.05, 0.05, 0.07, 0.07],
    np.float32,
)
"""Metres below the surface, cloth included, a joint may lie and still count as seen, in the joints' order."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of a frame in its pixels; may reach beyond it."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """What came out.

    Attributes:
        pixels: (H, W, 3) uint8 sRGB.
        parts: (H, W) uint8 `Part` of the first person's pixels.
        keypoints: (18, 3) float32 x, y in pixels, and 2 seen, 1 hidden, 0 outside.
    """

    pixels: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    keypoints: NDArray[np.float32]


def draw(
    scene: Scene, people: Sequence[Posed], window: Window, size: tuple[int, int], rng: np.random.Generator
) -> Picture:
    """Draws people into a scene and photographs a window of it.

    Args:
        scene: Where.
        people: The person the picture is of, then those who happen to be near.
        window: What of the frame is seen.
        size: (height, width) of the picture.
        rng: Source of the sensor's noise.
    """
    camera, (height, width) = scene.camera, size
    rows, columns = height * _SUPERSAMPLING, width * _SUPERSAMPLING
    step = np.array([window.width / columns, window.height / rows], np.float32)
    corner = np.array([window.left, window.top], np.float32)
    radiance = _sample(scene.frame, corner, step, rows, columns)
    share = _sample(scene.sun_share[:, :, None], corner, step, rows, columns)[:, :, 0]
    depth = _nearest(scene.depth, corner, step, rows, columns)

    crowd = _crowd(people)
    points = camera.project(crowd.vertices).astype(np.float32)
    points[:, :2] = (points[:, :2] - corner) / step
    # Feet sink a little into the ground's depth, which is known per pixel only.
    seen, surface, corners = raster.rasterise(points, crowd.faces, crowd.inside, depth + np.float32(0.04))

    sun_direction = np.asarray(scene.light.direction, np.float32)
    solid = _solid(crowd.faces, crowd.inside)
    shadows = cast_shadows(crowd.vertices, solid, sun_direction, float(rng.uniform(0, 2 * np.pi)))
    place = people[0].vertices[:, :2].mean(axis=0)
    places = _world(camera.rotation, camera.position, camera.focal, camera.width, camera.height, corner, step, depth)
    near = np.abs(places[:, :, :2] - place).max(axis=2) < _AROUND
    lookup = (shadows.axes, shadows.origin, shadows.scale, shadows.sky, shadows.sun)
    shade_ground(places, near & (seen < 0), share, *lookup, radiance)

    parts = np.zeros((rows, columns), np.uint8)
    shade(
        seen,
        corners,
        crowd.faces,
        crowd.face_material,
        crowd.table,
        crowd.rest,
        crowd.vertices,
        crowd.normals,
        crowd.owner,
        crowd.marks,
        np.asarray(camera.position, np.float32),
        sun_direction,
        np.asarray(scene.light.sun, np.float32) * np.float32(scene.lit(place)),
        np.asarray(scene.light.sky, np.float32),
        np.asarray(scene.light.bounce, np.float32),
        *lookup,
        radiance,
        parts,
    )
    keypoints = _keypoints(people[0].joints, scene, corner, step, seen, surface, crowd.owner)
    native = min(rows, max(24, round(window.height)))
    exposed = camera.sensor.expose(_resize(radiance, native, max(12, round(native * width / height))), rng)
    pixels = Image.fromarray(exposed).resize((width, height), Image.Resampling.BICUBIC)
    return Picture(np.asarray(pixels), parts[1::_SUPERSAMPLING, 1::_SUPERSAMPLING].copy(), keypoints)


@dataclass(frozen=True, slots=True)
class _Crowd:
    rest: Floats
    vertices: Floats
    normals: Floats
    faces: NDArray[np.int32]
    face_material: NDArray[np.int32]
    inside: Floats
    table: Floats
    owner: NDArray[np.int32]
    marks: Floats


def _crowd(people: Sequence[Posed]) -> _Crowd:
    vertices = np.cumsum([0, *(len(person.vertices) for person in people)])
    materials = np.cumsum([0, *(len(person.table) for person in people)])
    return _Crowd(
        np.concatenate([person.rest for person in people]),
        np.concatenate([person.vertices for person in people]),
        np.concatenate([person.normals for person in people]),
        np.concatenate([person.faces + np.int32(o) for person, o in zip(people, vertices[:-1], strict=True)]),
        np.concatenate([person.face_material + np.int32(o) for person, o in zip(people, materials[:-1], strict=True)]),
        np.concatenate([person.inside for person in people]),
        np.concatenate([person.table for person in people]),
        np.concatenate([np.full(len(person.faces), number, np.int32) for number, person in enumerate(people)]),
        np.stack([person.marks for person in people]),
    )


def _keypoints(
    joints: Floats,
    scene: Scene,
    corner: Floats,
    step: Floats,
    seen: NDArray[np.int32],
    surface: Floats,
    owner: NDArray[np.int32],
) -> NDArray[np.float32]:
    """A joint is seen if the nearest surface at its pixel is the person's own and little nearer than the joint."""
    projected = scene.camera.project(joints).astype(np.float32)
    rows, columns = seen.shape
    place = (projected[:, :2] - corner) / step
    state = np.zeros(len(joints), np.float32)
    for number, ((x, y), depth) in enumerate(zip(place, projected[:, 2], strict=True)):
        if not (0 <= x < columns and 0 <= y < rows):
            continue
        row, column = int(y), int(x)
        face = seen[row, column]
        own = face >= 0 and owner[face] == 0
        state[number] = 2 if own and depth - surface[row, column] < _DEPTH_OF_JOINT[number] else 1
    found: NDArray[np.float32] = np.column_stack([place / _SUPERSAMPLING, state]).astype(np.float32)
    return found


def _resize(radiance: Floats, height: int, width: int) -> Floats:
    """Averages down to the size the sensor had for this window."""
    if (height, width) == radiance.shape[:2]:
        return radiance
    return np.stack(
        [
            np.asarray(Image.fromarray(radiance[:, :, channel]).resize((width, height), Image.Resampling.BOX))
            for channel in range(3)
        ],
        axis=2,
    )


@njit(cache=True, error_model="numpy")
def _solid(faces: NDArray[np.int32], inside: Floats) -> NDArray[np.int32]:
    """Returns the faces of which nothing is cut away: what is cut away throws no shadow."""
    kept = np.empty_like(faces)
    count = 0
    for face in range(len(faces)):
        if inside[faces[face, 0]] >= 0 and inside[faces[face, 1]] >= 0 and inside[faces[face, 2]] >= 0:
            kept[count] = faces[face]
            count += 1
    return kept[:count]


@njit(cache=True, error_model="numpy")
def _sample(frame: Floats, corner: Floats, step: Floats, rows: int, columns: int) -> Floats:
    """Bilinear samples (rows, columns, C) of a frame; its edge goes on beyond it."""
    height, width, channels = frame.shape
    result = np.zeros((rows, columns, channels), np.float32)
    for row in range(rows):
        y = min(max(corner[1] + (row + 0.5) * step[1] - 0.5, 0.0), height - 1.001)
        iy = int(y)
        fy = y - iy
        for column in range(columns):
            x = min(max(corner[0] + (column + 0.5) * step[0] - 0.5, 0.0), width - 1.001)
            ix = int(x)
            fx = x - ix
            for channel in range(channels):
                result[row, column, channel] = (1 - fy) * (
                    (1 - fx) * frame[iy, ix, channel] + fx * frame[iy, ix + 1, channel]
                ) + fy * ((1 - fx) * frame[iy + 1, ix, channel] + fx * frame[iy + 1, ix + 1, channel])
    return result


def _nearest(depth: Floats, corner: Floats, step: Floats, rows: int, columns: int) -> Floats:
    """Nearest samples (rows, columns) of a depth map, whose edges must not be blurred."""
    height, width = depth.shape
    y = np.clip((corner[1] + (np.arange(rows) + 0.5) * step[1]).astype(int), 0, height - 1)
    x = np.clip((corner[0] + (np.arange(columns) + 0.5) * step[0]).astype(int), 0, width - 1)
    return np.ascontiguousarray(depth[y][:, x], dtype=np.float32)


def _world(
    rotation: NDArray[np.float64],
    position: tuple[float, float, float],
    focal: float,
    width: int,
    height: int,
    corner: Floats,
    step: Floats,
    depth: Floats,
) -> Floats:
    """World position (rows, columns, 3) of what each sample sees."""
    rows, columns = depth.shape
    x = (corner[0] + (np.arange(columns) + 0.5) * step[0] - width / 2) / focal
    y = (corner[1] + (np.arange(rows) + 0.5) * step[1] - height / 2) / focal
    rays = x[None, :, None] * rotation[0] + y[:, None, None] * rotation[1] + rotation[2]
    places: Floats = (np.asarray(position) + rays * depth[:, :, None]).astype(np.float32)
    return places
