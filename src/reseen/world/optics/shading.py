"""Light on a rendered person: materials, folds, a sun with cast shadows, and a sky that bodies and clothes shut out.

The sky is a handful of directions, each with a small depth map of its own, so that arm pits, legs behind legs and the
ground under the feet grow darker as they do outdoors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reseen.world.optics.mesh import Material
from reseen.world.optics.raster import Floats, Ints, depth_map, light_axes

_SKY_DIRECTIONS = 9
_SKY_RESOLUTION = 56
_SUN_RESOLUTION = 176
_BIAS = 0.018
"""Metres a point is lifted before its light is looked up, or surfaces would shade themselves."""
_GRAZING = 0.03
"""Metres more for light that grazes the surface: one pixel of the sky's coarse maps then spans a slope."""

_PATTERNS = ("plain", "stripes", "pinstripes", "checks", "logo", "print", "block", "gradient")


@dataclass(frozen=True)
class Shadows:
    """Depth maps of persons seen along the sun and along directions of the sky; the sun is the last.

    Attributes:
        axes: (K, 3, 3) rows right, up, towards the light.
        origin: (K, 2) where each map begins, metres along right and up.
        scale: (K,) map pixels a metre.
        sky: (K - 1, R, R) the largest height towards each direction of the sky, by map pixel.
        sun: (S, S) the same towards the sun.
    """

    axes: Floats
    origin: Floats
    scale: Floats
    sky: Floats
    sun: Floats


def cast_shadows(points: Floats, faces: Ints, sun: Floats, turn: float) -> Shadows:
    """Draws the depth maps of a crowd.

    Args:
        points: (V, 3) world positions.
        faces: (F, 3) all persons' faces.
        sun: (3,) direction towards the sun.
        turn: Angle in radians the sky's directions are turned by, drawn anew for each picture.
    """
    directions = [*_sky(turn), sun]
    axes = np.stack([light_axes(direction) for direction in directions])
    origin, scale, maps = [], [], []
    for number, rows in enumerate(axes):
        resolution = _SUN_RESOLUTION if number == len(axes) - 1 else _SKY_RESOLUTION
        placed, low, size = _seen_along(points, rows, resolution)
        maps.append(depth_map(placed, faces, resolution))
        origin.append(low)
        scale.append(size)
    return Shadows(
        axes.astype(np.float32),
        np.array(origin, np.float32),
        np.array(scale, np.float32),
        np.stack(maps[:-1]),
        maps[-1],
    )


def _sky(turn: float) -> Floats:
    """Directions spread evenly over the upper half of the sphere, by Fibonacci's spiral."""
    number = np.arange(_SKY_DIRECTIONS)
    up = (number + 0.5) / _SKY_DIRECTIONS
    angle = number * 2.39996 + turn
    flat = np.sqrt(1 - up**2)
    return np.column_stack([flat * np.cos(angle), flat * np.sin(angle), up]).astype(np.float32)


def material_table(materials: tuple[Material, ...]) -> Floats:
    """Returns the materials as rows of numbers (M, 16) for `shade`; colours become linear."""
    rows = [
        [
            *_linear(material.colour),
            *_linear(material.second),
            *_linear(material.inner),
            _PATTERNS.index(material.pattern),
            material.scale,
            material.gloss,
            material.wrinkles,
            material.opening,
            material.seed % 4096,
            material.part,
        ]
        for material in materials
    ]
    return np.array(rows, np.float32)


def _linear(colour: tuple[float, float, float]) -> list[float]:
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]


@njit(cache=True, error_model="numpy")
def _seen_along(points: Floats, axes: Floats, resolution: int) -> tuple[Floats, Floats, np.float32]:
    """Fits points into a map: x, y in its pixels and height (V, 3), the map's origin (2,), and pixels a metre."""
    placed = np.empty_like(points)
    low, high = np.full(3, np.float32(1e9)), np.full(3, np.float32(-1e9))
    for vertex in range(len(points)):
        for axis in range(3):
            value = (
                axes[axis, 0] * points[vertex, 0]
                + axes[axis, 1] * points[vertex, 1]
                + axes[axis, 2] * points[vertex, 2]
            )
            placed[vertex, axis] = value
            low[axis] = min(low[axis], value)
            high[axis] = max(high[axis], value)
    size = np.float32((resolution - 2) / max(high[0] - low[0], high[1] - low[1]))
    origin = low[:2] - 1 / size
    for vertex in range(len(points)):
        for axis in range(2):
            placed[vertex, axis] = (placed[vertex, axis] - origin[axis]) * size
    return placed, origin, size


@njit(cache=True, error_model="numpy")
def _hash(x: int, y: int, z: int) -> np.float32:
    mixed = (
        np.uint32(x) * np.uint32(374761393) + np.uint32(y) * np.uint32(668265263) + np.uint32(z) * np.uint32(2147483647)
    )
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    mixed = mixed ^ (mixed >> np.uint32(16))
    return np.float32(mixed & np.uint32(0xFFFF)) / np.float32(65535.0)


@njit(cache=True, error_model="numpy")
def _noise(x: float, y: float, z: float) -> np.float32:
    """Smooth noise between 0 and 1 with features of size 1."""
    ix, iy, iz = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    fx, fy, fz = x - ix, y - iy, z - iz
    fx, fy, fz = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy), fz * fz * (3 - 2 * fz)
    value = np.float32(0.0)
    for dz in range(2):
        wz = fz if dz else 1 - fz
        for dy in range(2):
            wy = fy if dy else 1 - fy
            value += wz * wy * ((1 - fx) * _hash(ix, iy + dy, iz + dz) + fx * _hash(ix + 1, iy + dy, iz + dz))
    return value


@njit(cache=True, error_model="numpy")
def _open_to(
    depth: Floats, resolution: int, axes: Floats, origin: Floats, scale: float, x: float, y: float, z: float
) -> np.float32:
    """Share of the light that reaches a point: the four nearest map pixels, weighted."""
    u = ((axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z) - origin[0]) * scale - 0.5
    v = ((axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z) - origin[1]) * scale - 0.5
    height = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
    column, row = int(np.floor(u)), int(np.floor(v))
    fu, fv = u - column, v - row
    light = np.float32(0.0)
    for dv in range(2):
        for du in range(2):
            weight = (fu if du else 1 - fu) * (fv if dv else 1 - fv)
            r, c = row + dv, column + du
            if r < 0 or c < 0 or r >= resolution or c >= resolution or depth[r, c] <= height:
                light += weight
    return light


@njit(cache=True, error_model="numpy")
def _albedo(row: Floats, x: float, y: float, z: float, chest: float, waist: float, out: Floats) -> None:
    """Writes the colour of a material (a row of the table) at a point of the rest pose."""
    pattern, scale, seed = int(row[9]), row[10], row[14]
    mix = np.float32(0.0)
    if pattern == 1:
        mix = np.float32(1.0) if (z / scale) - np.floor(z / scale) < 0.5 else np.float32(0.0)
    elif pattern == 2:
        mix = np.float32(1.0) if (x / scale) - np.floor(x / scale) < 0.28 else np.float32(0.0)
    elif pattern == 3:
        across = (x / scale) - np.floor(x / scale) < 0.4
        along = (z / scale) - np.floor(z / scale) < 0.4
        mix = np.float32(0.85 if across and along else 0.5 if across or along else 0.0)
    elif pattern == 4:
        dx, dz = x / (0.6 * scale + 0.05), (z - chest + 0.09) / (0.5 * scale + 0.04)
        wild = _noise(x * 38 + seed, z * 38, seed)
        if y < 0 and dx * dx + dz * dz < 1 and wild > 0.38:
            mix = np.float32(1.0)
    elif pattern == 5:
        wild = _noise(x / scale + seed, y / scale, z / scale)
        mix = np.float32(1.0) if wild > 0.6 else np.float32(0.0)
    elif pattern == 6:
        mix = np.float32(1.0) if z > chest - 0.03 else np.float32(0.0)
    elif pattern == 7:
        mix = np.float32(min(max((chest - z) / (chest - waist + 0.15), 0.0), 1.0)) * np.float32(0.7)
    tone = np.float32(0.90) + np.float32(0.2) * _noise(x * 9 + seed, y * 9, z * 9)
    for channel in range(3):
        out[channel] = ((1 - mix) * row[channel] + mix * row[3 + channel]) * tone
    if row[13] > 0 and y < 0:
        edge = row[13] * (1 + np.float32(0.6) * (chest - z)) + np.float32(0.01) * (
            _noise(z * 7 + seed, seed, 0.0) - 0.5
        )
        if abs(x) < edge and z < chest + 0.13:
            for channel in range(3):
                out[channel] = row[6 + channel] * tone


@njit(cache=True, error_model="numpy")
def shade(
    seen: Ints,
    corners: Floats,
    faces: Ints,
    face_material: Ints,
    table: Floats,
    rest: Floats,
    world: Floats,
    normals: Floats,
    owner: Ints,
    marks: Floats,
    eye: Floats,
    sun_direction: Floats,
    sun: Floats,
    sky: Floats,
    bounce: Floats,
    axes: Floats,
    origin: Floats,
    scale: Floats,
    sky_maps: Floats,
    sun_map: Floats,
    radiance: Floats,
    parts: NDArray[np.uint8],
) -> None:
    """Writes radiance and part of every pixel that sees a person.

    Args:
        seen: (H, W) face, -1 for none.
        corners: (H, W, 3) weights of the face's corners.
        faces: (F, 3).
        face_material: (F,) row of ``table``.
        table: (M, 16), see `material_table`.
        rest: (V, 3) vertices in rest pose, where patterns and folds are defined.
        world: (V, 3) vertices in the world.
        normals: (V, 3) of the world's vertices.
        owner: (F,) index of the person a face belongs to.
        marks: (P, 2) heights of chest and waist in each person's rest pose.
        eye: (3,) the camera's place.
        sun_direction: (3,) towards the sun.
        sun: (3,) its radiance where these persons stand.
        sky: (3,) light from above.
        bounce: (3,) light from the ground.
        axes: (K, 3, 3), see `Shadows`, as the next four.
        origin: (K, 2).
        scale: (K,).
        sky_maps: (K - 1, R, R).
        sun_map: (S, S).
        radiance: (H, W, 3) written where ``seen`` is a face.
        parts: (H, W) written there for the person with index 0; others stay 0.
    """
    height, width = seen.shape
    colour = np.zeros(3, np.float32)
    directions = len(sky_maps)
    n, p, q = np.zeros(3, np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32)
    for row in range(height):
        for column in range(width):
            face = seen[row, column]
            if face < 0:
                continue
            n[:] = 0
            p[:] = 0
            q[:] = 0
            for corner in range(3):
                vertex, weight = faces[face, corner], corners[row, column, corner]
                for axis in range(3):
                    n[axis] += weight * normals[vertex, axis]
                    p[axis] += weight * world[vertex, axis]
                    q[axis] += weight * rest[vertex, axis]
            material = table[face_material[face]]
            person = owner[face]
            _albedo(material, q[0], q[1], q[2], marks[person, 0], marks[person, 1], colour)
            wrinkles = material[12]
            if wrinkles > 0:
                seed = material[14]
                for octave in range(2):
                    f = np.float32(11.0 if octave == 0 else 27.0)
                    # Folds of hanging cloth are longer than they are wide.
                    x, y, z = q[0] * f + seed, q[1] * f, q[2] * f * np.float32(0.55)
                    here = _noise(x, y, z)
                    depth = wrinkles * np.float32(0.62 if octave == 0 else 0.34)
                    n[0] -= depth * (_noise(x + 0.3, y, z) - here) / np.float32(0.3)
                    n[1] -= depth * (_noise(x, y + 0.3, z) - here) / np.float32(0.3)
                    n[2] -= depth * (_noise(x, y, z + 0.3) - here) / np.float32(0.3)
            length = np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]) + np.float32(1e-9)
            vx, vy, vz = eye[0] - p[0], eye[1] - p[1], eye[2] - p[2]
            away = np.sqrt(vx * vx + vy * vy + vz * vz)
            vx, vy, vz = vx / away, vy / away, vz / away
            side = np.float32(1.0) if n[0] * vx + n[1] * vy + n[2] * vz >= -0.15 * length else np.float32(-1.0)
            nx, ny, nz = side * n[0] / length, side * n[1] / length, side * n[2] / length
            x, y, z = p[0] + nx * _BIAS, p[1] + ny * _BIAS, p[2] + nz * _BIAS
            open_sky, whole_sky = np.float32(0.0), np.float32(0.0)
            for k in range(directions):
                facing = axes[k, 2, 0] * nx + axes[k, 2, 1] * ny + axes[k, 2, 2] * nz
                if facing <= 0:
                    continue
                whole_sky += facing
                lift = np.float32(_GRAZING) * (1 - facing)
                open_sky += facing * _open_to(
                    sky_maps[k],
                    _SKY_RESOLUTION,
                    axes[k],
                    origin[k],
                    scale[k],
                    x + nx * lift,
                    y + ny * lift,
                    z + nz * lift,
                )
            shut = open_sky / whole_sky if whole_sky > 0 else np.float32(0.5)
            facing = sun_direction[0] * nx + sun_direction[1] * ny + sun_direction[2] * nz
            direct = np.float32(0.0)
            if facing > 0:
                direct = facing * _open_to(
                    sun_map, _SUN_RESOLUTION, axes[directions], origin[directions], scale[directions], x, y, z
                )
            hx, hy, hz = sun_direction[0] + vx, sun_direction[1] + vy, sun_direction[2] + vz
            bright = (hx * nx + hy * ny + hz * nz) / np.sqrt(hx * hx + hy * hy + hz * hz)
            shine = (
                material[11] * np.float32(0.35) * max(bright, np.float32(0.0)) ** 18 * (direct if facing > 0 else 0.0)
            )
            rim = material[11] * np.float32(0.12) * (1 - max(vx * nx + vy * ny + vz * nz, 0.0)) ** 3 * shut
            for channel in range(3):
                light = (
                    sun[channel] * direct
                    + sky[channel] * open_sky * np.float32(2.0) / directions
                    + bounce[channel]
                    * (np.float32(0.5) - np.float32(0.5) * nz)
                    * (np.float32(0.35) + np.float32(0.65) * shut)
                )
                radiance[row, column, channel] = colour[channel] * light + sun[channel] * shine + sky[channel] * rim
            if person == 0:
                parts[row, column] = np.uint8(material[15])


@njit(cache=True, error_model="numpy")
def shade_ground(
    places: Floats,
    near: NDArray[np.bool_],
    sun_share: Floats,
    axes: Floats,
    origin: Floats,
    scale: Floats,
    sky_maps: Floats,
    sun_map: Floats,
    radiance: Floats,
) -> None:
    """Darkens what stands round persons where they take its light.

    Args:
        places: (H, W, 3) world position of each pixel of the empty scene.
        near: (H, W) pixels to look at.
        sun_share: (H, W) share of a pixel's radiance that is direct sun.
        axes: (K, 3, 3), see `Shadows`, as the next four.
        origin: (K, 2).
        scale: (K,).
        sky_maps: (K - 1, R, R).
        sun_map: (S, S).
        radiance: (H, W, 3), multiplied.
    """
    directions = len(sky_maps)
    for row in range(places.shape[0]):
        for column in range(places.shape[1]):
            if not near[row, column]:
                continue
            x, y, z = places[row, column, 0], places[row, column, 1], places[row, column, 2] + np.float32(0.01)
            whole, open_sky = np.float32(0.0), np.float32(0.0)
            for k in range(directions):
                up = axes[k, 2, 2]
                whole += up
                open_sky += up * _open_to(sky_maps[k], _SKY_RESOLUTION, axes[k], origin[k], scale[k], x, y, z)
            direct = _open_to(
                sun_map, _SUN_RESOLUTION, axes[directions], origin[directions], scale[directions], x, y, z
            )
            share = sun_share[row, column]
            left = share * direct + (1 - share) * open_sky / whole
            for channel in range(3):
                radiance[row, column, channel] *= left
