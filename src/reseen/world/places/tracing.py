"""Casts rays into the fixed world: what each pixel of a camera's frame sees, how deep, and how the sun lights it.

Compiled with numba on first use and cached by it; runs on one thread.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reseen.world.places.candidates import Ints, Lists, cell_at
from reseen.world.places.fixed import Fixed, ground_at, openness
from reseen.world.places.solids import FAR, LEAVES, Numbers, Vector, face, meet
from reseen.world.places.textures import albedo, chance, noise

SKY_DEPTH = 1e4
"""Depth in metres of a pixel that sees nothing."""

_SKY, _GROUND = -2, -1
_EDGE = 0.15
"""Difference of neighbours in the sun's share above which a pixel is sampled more finely."""

Floats = NDArray[np.float32]


class Index(NamedTuple):
    """Which objects may matter where; see `reseen.world.places.candidates`."""

    pixels: Lists
    shadows: Lists
    ground: Lists


class Rays(NamedTuple):
    """A camera as the tracer needs it.

    Attributes:
        origin: (3,) place of the lens.
        axes: (3, 3) rows right, down, forward.
        focal: Focal length in pixels.
        width: Width of the frame in pixels.
        height: Height of the frame in pixels.
    """

    origin: Numbers
    axes: Numbers
    focal: float
    width: int
    height: int


class Lamps(NamedTuple):
    """A light as the tracer needs it.

    Attributes:
        direction: (3,) unit vector towards the sun.
        sun: (3,) its radiance.
        sky: (3,) light from above.
        bounce: (3,) light from below.
        spread: Radius of the sun's disc, in radians: how soft shadows are.
        mirrored: Whether glossy surfaces mirror the world (indoors) or the sky.
    """

    direction: Numbers
    sun: Numbers
    sky: Numbers
    bounce: Numbers
    spread: float
    mirrored: bool


@njit(cache=True, error_model="numpy")
def _inverse(d: Vector) -> Vector:
    """Returns 1 / d, with something huge for 0, so that `_passes` need not divide."""
    x = d[0] if abs(d[0]) > 1e-12 else 1e-12
    y = d[1] if abs(d[1]) > 1e-12 else 1e-12
    z = d[2] if abs(d[2]) > 1e-12 else 1e-12
    return 1 / x, 1 / y, 1 / z


@njit(cache=True, error_model="numpy")
def _passes(g: Numbers, k: int, o: Vector, inverse: Vector, nearest: float) -> bool:
    """Whether a ray meets the box around an object before the nearest hit so far."""
    x0, x1 = (g[k, 0] - o[0]) * inverse[0], (g[k, 3] - o[0]) * inverse[0]
    y0, y1 = (g[k, 1] - o[1]) * inverse[1], (g[k, 4] - o[1]) * inverse[1]
    z0, z1 = (g[k, 2] - o[2]) * inverse[2], (g[k, 5] - o[2]) * inverse[2]
    low = max(max(min(x0, x1), min(y0, y1)), max(min(z0, z1), 0.0))
    return bool(low <= min(min(max(x0, x1), max(y0, y1)), min(max(z0, z1), nearest)))


@njit(cache=True, error_model="numpy")
def _nearest(fixed: Fixed, candidates: Ints, o: Vector, d: Vector) -> tuple[float, int, int]:
    """Returns distance, number and side of the solid a ray meets first; the number is _GROUND or _SKY for those."""
    best, which, side = SKY_DEPTH, _SKY, 0
    if d[2] < 0:
        t = -o[2] / d[2]
        if 1e-4 < t < best:
            best, which = t, _GROUND
    inverse, groups, solids = _inverse(d), fixed.groups, fixed.solids
    for k in range(len(candidates)):
        group = candidates[k]
        if not _passes(groups, group, o, inverse, best):
            continue
        for number in range(int(groups[group, 6]), int(groups[group, 7])):
            t, found = meet(solids, number, o, d)
            if t < best:
                best, which, side = t, number, found
    return best, which, side


@njit(cache=True, error_model="numpy")
def _blocked(fixed: Fixed, candidates: Ints, o: Vector, d: Vector) -> bool:
    inverse, groups, solids = _inverse(d), fixed.groups, fixed.solids
    for k in range(len(candidates)):
        group = candidates[k]
        if not _passes(groups, group, o, inverse, FAR):
            continue
        for number in range(int(groups[group, 6]), int(groups[group, 7])):
            if meet(solids, number, o, d)[0] < FAR:
                return True
    return False


@njit(cache=True, error_model="numpy")
def sunlight(fixed: Fixed, candidates: Ints, lamps: Lamps, x: Vector, samples: int, seed: int) -> float:
    """Returns the share of the sun's disc seen from a point.

    Args:
        fixed: The world.
        candidates: Objects that may stand in the way.
        lamps: The light.
        x: The point.
        samples: How many points of the disc to try.
        seed: Seed of their places.
    """
    sx, sy, sz = lamps.direction[0], lamps.direction[1], lamps.direction[2]
    level = max(math.hypot(sx, sy), 1e-9)
    seen = 0.0
    for sample in range(samples):
        angle = 6.2832 * (chance(seed, sample, 1) + 0.618 * sample)
        away = lamps.spread * math.sqrt((sample + chance(seed, sample, 2)) / samples)
        p, q = away * math.cos(angle), away * math.sin(angle)
        dx, dy, dz = (
            sx - p * sy / level - q * sz * sx / level,
            sy + p * sx / level - q * sz * sy / level,
            sz + q * level,
        )
        length = math.sqrt(dx * dx + dy * dy + dz * dz)
        if not _blocked(fixed, candidates, x, (dx / length, dy / length, dz / length)):
            seen += 1.0
    return seen / samples


@njit(cache=True, error_model="numpy")
def _sky_in(lamps: Lamps, d: Vector, channel: int) -> float:
    """Returns the sky's light from a direction; below the horizon something dim that stands for the surroundings."""
    height = d[2] + 0.1 * (noise(d[0] * 9 + 50, d[1] * 9 + 50, 3) - 0.5)
    above = min(1.0, max(0.0, (height + 0.02) / 0.25))
    return float(lamps.sky[channel] * (0.25 + above * (0.95 - 0.2 * max(0.0, d[2]))))


@njit(cache=True, error_model="numpy")
def _see(
    fixed: Fixed,
    index: Index,
    lamps: Lamps,
    rays: Rays,
    candidates: Ints,
    o: Vector,
    d: Vector,
    cone: float,
    samples: int,
    seed: int,
) -> tuple[float, float, float, float, float, int]:
    """Returns a ray's red, green, blue, the sun's part of their sum, the distance and what was met.

    Args:
        fixed: The world.
        index: Its lists.
        lamps: The light.
        rays: The camera; its axes give the footprint's shape.
        candidates: Objects the ray may meet.
        o: Where the ray begins.
        d: Its direction.
        cone: Width of the ray per metre.
        samples: How many rays go to the sun.
        seed: Seed of the soft shadows.
    """
    t, which, side = _nearest(fixed, candidates, o, d)
    if which == _SKY:
        return _sky_in(lamps, d, 0), _sky_in(lamps, d, 1), _sky_in(lamps, d, 2), 0.0, SKY_DEPTH, which
    x = o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]
    open_to_sky = 1.0
    if which == _GROUND:
        patch, u, v = ground_at(fixed, x[0], x[1])
        g = fixed.grounds[patch]
        normal, along_u, along_v = (0.0, 0.0, 1.0), (g[4], g[5], 0.0), (-g[5], g[4], 0.0)
        material = fixed.materials[int(g[6])]
        open_to_sky = openness(fixed, cell_at(index.ground, x[0], x[1]), x[0], x[1])
        which = -10 - patch
    else:
        normal, along_u, along_v, u, v = face(fixed.solids, which, side, x)
        material = fixed.materials[int(fixed.solids[which, 1])]
        open_to_sky = 1 - 0.35 * (1 - abs(normal[2])) * math.exp(-max(x[2], 0.0) / 0.35)
        if normal[2] < -0.5:
            open_to_sky *= 0.6
        which = which * 8 + side
    facing = normal[0] * d[0] + normal[1] * d[1] + normal[2] * d[2]
    if facing > 0 and not (which >= 0 and int(fixed.solids[which // 8, 0]) == LEAVES):
        normal, facing = (-normal[0], -normal[1], -normal[2]), -facing
    # How far the seen point moves for one pixel to the right and one down (ray differentials).
    fu, fv = 0.0, 0.0
    grazing = min(facing, -0.03)
    for axis in range(2):
        r = rays.axes[axis]
        slide = (normal[0] * r[0] + normal[1] * r[1] + normal[2] * r[2]) / grazing
        mx, my, mz = r[0] - slide * d[0], r[1] - slide * d[1], r[2] - slide * d[2]
        fu += abs(mx * along_u[0] + my * along_u[1] + mz * along_u[2])
        fv += abs(mx * along_v[0] + my * along_v[1] + mz * along_v[2])
    red, green, blue, gloss = albedo(material, u, v, fu * cone * t, fv * cone * t)
    tilt = lamps.direction[0] * normal[0] + lamps.direction[1] * normal[1] + lamps.direction[2] * normal[2]
    sun = 0.0
    if tilt > 0:
        off = x[0] + 2e-3 * normal[0], x[1] + 2e-3 * normal[1], x[2] + 2e-3 * normal[2]
        down = max(x[2], 0.0) / lamps.direction[2]
        near = cell_at(index.shadows, x[0] - down * lamps.direction[0], x[1] - down * lamps.direction[1])
        sun = tilt * sunlight(fixed, near, lamps, off, samples, seed)
    above, below = (0.5 + 0.5 * normal[2]) * open_to_sky, 0.5 - 0.5 * normal[2]
    glow = material[18]
    shine_r, shine_g, shine_b = 0.0, 0.0, 0.0
    if gloss > 0:
        bend = (1 + facing) ** 2 if facing > -1 else 0.0
        gloss *= 1 + 1.5 * bend * bend
        m = d[0] - 2 * facing * normal[0], d[1] - 2 * facing * normal[1], d[2] - 2 * facing * normal[2]
        if not lamps.mirrored:
            shine_r, shine_g, shine_b = _sky_in(lamps, m, 0), _sky_in(lamps, m, 1), _sky_in(lamps, m, 2)
        else:
            off = x[0] + 2e-3 * normal[0], x[1] + 2e-3 * normal[1], x[2] + 2e-3 * normal[2]
            shine_r, shine_g, shine_b = _mirrored(fixed, lamps, off, m)
    light_r = lamps.sun[0] * sun + lamps.sky[0] * above + lamps.bounce[0] * below
    light_g = lamps.sun[1] * sun + lamps.sky[1] * above + lamps.bounce[1] * below
    light_b = lamps.sun[2] * sun + lamps.sky[2] * above + lamps.bounce[2] * below
    direct = sun * (lamps.sun[0] * red + lamps.sun[1] * green + lamps.sun[2] * blue)
    return (
        red * (light_r + glow) + gloss * shine_r,
        green * (light_g + glow) + gloss * shine_g,
        blue * (light_b + glow) + gloss * shine_b,
        direct,
        t,
        which,
    )


@njit(cache=True, error_model="numpy")
def _mirrored(fixed: Fixed, lamps: Lamps, o: Vector, d: Vector) -> Vector:
    """Returns what a floor mirrors: colours without shadows, blurred by a wide footprint."""
    t, which, side = _nearest(fixed, np.arange(len(fixed.groups)), o, d)
    if which < 0:
        return lamps.sky[0] * 0.5, lamps.sky[1] * 0.5, lamps.sky[2] * 0.5
    x = o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]
    normal, _, _, u, v = face(fixed.solids, which, side, x)
    material = fixed.materials[int(fixed.solids[which, 1])]
    blur = 0.05 + 0.15 * t
    red, green, blue, _ = albedo(material, u, v, blur, blur)
    above = 0.5 + 0.5 * normal[2]
    glow = 0.35 * material[18]  # a lamp's image on a floor is smeared over more than the lamp
    return (
        red * (lamps.sky[0] * above + lamps.bounce[0] * (1 - above) + 0.3 * lamps.sun[0] + glow),
        green * (lamps.sky[1] * above + lamps.bounce[1] * (1 - above) + 0.3 * lamps.sun[1] + glow),
        blue * (lamps.sky[2] * above + lamps.bounce[2] * (1 - above) + 0.3 * lamps.sun[2] + glow),
    )


@njit(cache=True, error_model="numpy")
def trace(fixed: Fixed, index: Index, lamps: Lamps, rays: Rays) -> tuple[Floats, Floats, Floats]:
    """Sees the whole frame: one ray per pixel, and four more where neighbours differ.

    Args:
        fixed: The world.
        index: Its lists.
        lamps: The light.
        rays: The camera.

    Returns:
        Linear radiance (H, W, 3), depth along the optical axis (H, W), and the sun's share of the radiance (H, W).
    """
    height, width = rays.height, rays.width
    frame = np.empty((height, width, 3), np.float32)
    depth = np.empty((height, width), np.float32)
    share = np.zeros((height, width), np.float32)
    what = np.empty((height, width), np.int64)
    origin = rays.origin[0], rays.origin[1], rays.origin[2]
    right, down, forward = rays.axes[0], rays.axes[1], rays.axes[2]
    soft = lamps.spread > 0.05
    for fine in range(2):
        marked = _edges(share, what) if fine else np.ones((height, width), np.bool_)
        for row in range(height):
            for column in range(width):
                if not marked[row, column]:
                    continue
                candidates = cell_at(index.pixels, float(column), float(row))
                red, green, blue, sun = 0.0, 0.0, 0.0, 0.0
                samples = 4 if fine else 1
                to_sun = 4 if soft and not fine else 1
                for sample in range(samples):
                    # A rotated grid: no two samples share a row or a column.
                    su = 0.125 + 0.25 * ((1, 3, 0, 2)[sample]) if fine else 0.5
                    sv = 0.125 + 0.25 * sample if fine else 0.5
                    x, y = (column + su - width / 2) / rays.focal, (row + sv - height / 2) / rays.focal
                    length = math.sqrt(1 + x * x + y * y)
                    d = (
                        (forward[0] + x * right[0] + y * down[0]) / length,
                        (forward[1] + x * right[1] + y * down[1]) / length,
                        (forward[2] + x * right[2] + y * down[2]) / length,
                    )
                    seed = (row * width + column) * 5 + sample + fine
                    cone = 1 / (rays.focal * length)
                    r, g, b, direct, t, which = _see(
                        fixed, index, lamps, rays, candidates, origin, d, cone, to_sun, seed
                    )
                    red, green, blue, sun = red + r, green + g, blue + b, sun + direct
                    if not fine:
                        depth[row, column] = t / length if which != _SKY else SKY_DEPTH
                        what[row, column] = which
                frame[row, column, 0], frame[row, column, 1] = red / samples, green / samples
                frame[row, column, 2] = blue / samples
                share[row, column] = min(1.0, sun / max(red + green + blue, 1e-9))
    return frame, depth, share


@njit(cache=True, error_model="numpy")
def _edges(share: Floats, what: Ints) -> NDArray[np.bool_]:
    """Marks pixels beside a neighbour that sees something else or is lit otherwise; textures need no more samples."""
    height, width = share.shape
    marked = np.zeros((height, width), np.bool_)
    for row in range(height):
        for column in range(width):
            for step in range(2):
                i, j = min(row + step, height - 1), min(column + 1 - step, width - 1)
                if what[i, j] != what[row, column] or abs(share[i, j] - share[row, column]) > _EDGE:
                    marked[row, column] = True
                    marked[i, j] = True
    return marked
