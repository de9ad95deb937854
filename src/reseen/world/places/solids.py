"""The fixed world's simple solids, where a ray meets them, and how near they come to a place on the ground."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reseen.world.places.textures import noise3

Numbers = NDArray[np.float64]
Vector = tuple[float, float, float]

BOX, ROD, LEAVES, RING, CYLINDER = range(5)
"""Kinds of solids. A row of the table of solids is (16,): kind, material, and then:

- BOX: centre x, y, bottom, top, half sizes along its own x and y at the bottom, cos and sin of its turn, and the
  share of the half sizes left at the top.
- ROD (with round ends): both ends, radius.
- LEAVES (an ellipsoid with holes): centre, radii, share of holes.
- RING (flat, upright): centre, cos and sin of its horizontal direction, inner and outer radius.
- CYLINDER (upright): centre x, y, bottom, top, radius.
"""

FAR = 1e9
_EPSILON = 1e-4


@njit(cache=True, error_model="numpy")
def meet(p: Numbers, i: int, o: Vector, d: Vector) -> tuple[float, int]:
    """Returns the distance along a ray to a solid, FAR for a miss, and the number of the side it meets.

    Args:
        p: The solids.
        i: Which of them.
        o: Where the ray begins; solids around this point are not met.
        d: Its direction, of unit length.
    """
    kind = int(p[i, 0])
    if kind == BOX:
        return _meet_box(p, i, o, d)
    if kind == ROD:
        return _meet_rod(p, i, o, d), 0
    if kind == LEAVES:
        return _meet_leaves(p, i, o, d), 0
    if kind == RING:
        return _meet_ring(p, i, o, d), 0
    return _meet_cylinder(p, i, o, d)


@njit(cache=True, error_model="numpy")
def _meet_box(p: Numbers, i: int, o: Vector, d: Vector) -> tuple[float, int]:
    rx, ry, z = o[0] - p[i, 2], o[1] - p[i, 3], o[2] - p[i, 4]
    x, y = p[i, 8] * rx + p[i, 9] * ry, p[i, 8] * ry - p[i, 9] * rx
    dx, dy, dz = p[i, 8] * d[0] + p[i, 9] * d[1], p[i, 8] * d[1] - p[i, 9] * d[0], d[2]
    tall = p[i, 5] - p[i, 4]
    kx, ky = p[i, 6] * (1 - p[i, 10]) / tall, p[i, 7] * (1 - p[i, 11]) / tall
    enter, leave, side = -FAR, FAR, 0
    for k in range(6):  # half-spaces a t <= b
        if k == 0:
            a, b = dx + kx * dz, p[i, 6] - x - kx * z
        elif k == 1:
            a, b = -dx + kx * dz, p[i, 6] + x - kx * z
        elif k == 2:
            a, b = dy + ky * dz, p[i, 7] - y - ky * z
        elif k == 3:
            a, b = -dy + ky * dz, p[i, 7] + y - ky * z
        elif k == 4:
            a, b = dz, tall - z
        else:
            a, b = -dz, z
        if a == 0:
            if b < 0:
                return FAR, 0
        elif a > 0:
            leave = min(leave, b / a)
        elif b / a > enter:
            enter, side = b / a, k
    if enter < _EPSILON or enter > leave:
        return FAR, 0
    return enter, side


@njit(cache=True, error_model="numpy")
def _meet_rod(p: Numbers, i: int, o: Vector, d: Vector) -> float:
    """Follows Inigo Quilez's ray-capsule intersection: first the mantle, then the nearer ball."""
    bx, by, bz = p[i, 5] - p[i, 2], p[i, 6] - p[i, 3], p[i, 7] - p[i, 4]
    ox, oy, oz = o[0] - p[i, 2], o[1] - p[i, 3], o[2] - p[i, 4]
    bb = bx * bx + by * by + bz * bz
    bd = bx * d[0] + by * d[1] + bz * d[2]
    bo = bx * ox + by * oy + bz * oz
    do = d[0] * ox + d[1] * oy + d[2] * oz
    oo = ox * ox + oy * oy + oz * oz
    radius2 = p[i, 8] * p[i, 8]
    a = bb - bd * bd
    b = bb * do - bo * bd
    h = b * b - a * (bb * oo - bo * bo - radius2 * bb)
    if h < 0:
        return FAR
    if a > 1e-12:
        t = (-b - math.sqrt(h)) / a
        along = bo + t * bd
        if 0 < along < bb:
            return t if t > _EPSILON else FAR
        if along > 0:
            ox, oy, oz = ox - bx, oy - by, oz - bz
    elif bo > 0:
        ox, oy, oz = ox - bx, oy - by, oz - bz
    b = d[0] * ox + d[1] * oy + d[2] * oz
    h = b * b - (ox * ox + oy * oy + oz * oz - radius2)
    if h < 0:
        return FAR
    t = -b - math.sqrt(h)
    return t if t > _EPSILON else FAR


@njit(cache=True, error_model="numpy")
def _meet_leaves(p: Numbers, i: int, o: Vector, d: Vector) -> float:
    ox, oy, oz = (o[0] - p[i, 2]) / p[i, 5], (o[1] - p[i, 3]) / p[i, 6], (o[2] - p[i, 4]) / p[i, 7]
    dx, dy, dz = d[0] / p[i, 5], d[1] / p[i, 6], d[2] / p[i, 7]
    a = dx * dx + dy * dy + dz * dz
    b = ox * dx + oy * dy + oz * dz
    h = b * b - a * (ox * ox + oy * oy + oz * oz - 1)
    if h < 0:
        return FAR
    root = math.sqrt(h)
    # Holes grow towards the outline, where one looks along the leaves: it frays.
    holes = p[i, 8] + (0.62 - p[i, 8]) * max(0.0, 1 - root / math.sqrt(a)) ** 3
    for sign in (-1.0, 1.0):
        t: float = (-b + sign * root) / a
        if t > _EPSILON:
            x, y, z = o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]
            if 0.5 * noise3(x * 4, y * 4, z * 4) + 0.5 * noise3(x * 11, y * 11, z * 11) > holes:
                return t
    return FAR


@njit(cache=True, error_model="numpy")
def _meet_ring(p: Numbers, i: int, o: Vector, d: Vector) -> float:
    across = p[i, 5] * d[1] - p[i, 6] * d[0]
    if abs(across) < 1e-9:
        return FAR
    t = (p[i, 5] * (p[i, 3] - o[1]) - p[i, 6] * (p[i, 2] - o[0])) / across
    if t < _EPSILON:
        return FAR
    x, y, z = o[0] + t * d[0] - p[i, 2], o[1] + t * d[1] - p[i, 3], o[2] + t * d[2] - p[i, 4]
    away = x * x + y * y + z * z
    met: float = t if p[i, 7] * p[i, 7] <= away <= p[i, 8] * p[i, 8] else FAR
    return met


@njit(cache=True, error_model="numpy")
def _meet_cylinder(p: Numbers, i: int, o: Vector, d: Vector) -> tuple[float, int]:
    x, y = o[0] - p[i, 2], o[1] - p[i, 3]
    a = d[0] * d[0] + d[1] * d[1]
    c = x * x + y * y - p[i, 6] * p[i, 6]
    if d[2] < 0:
        t = (p[i, 5] - o[2]) / d[2]
        if t > _EPSILON and (x + t * d[0]) ** 2 + (y + t * d[1]) ** 2 < p[i, 6] * p[i, 6]:
            return t, 1
    b = x * d[0] + y * d[1]
    h = b * b - a * c
    if h < 0 or a < 1e-12:
        return FAR, 0
    t = (-b - math.sqrt(h)) / a
    z = o[2] + t * d[2]
    return (t, 0) if t > _EPSILON and p[i, 4] <= z <= p[i, 5] else (FAR, 0)


@njit(cache=True, error_model="numpy")
def face(p: Numbers, i: int, side: int, x: Vector) -> tuple[Vector, Vector, Vector, float, float]:
    """Returns a solid's outward normal, the directions of u and v, and (u, v), at a point of its surface."""
    kind = int(p[i, 0])
    if kind == BOX:
        return _face_of_box(p, i, side, x)
    if kind == RING:
        u = p[i, 5] * (x[0] - p[i, 2]) + p[i, 6] * (x[1] - p[i, 3])
        return (p[i, 6], -p[i, 5], 0.0), (p[i, 5], p[i, 6], 0.0), (0.0, 0.0, 1.0), u, x[2]
    if kind == CYLINDER:
        if side == 1:
            return (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), x[0], x[1]
        nx, ny = (x[0] - p[i, 2]) / p[i, 6], (x[1] - p[i, 3]) / p[i, 6]
        return (nx, ny, 0.0), (-ny, nx, 0.0), (0.0, 0.0, 1.0), p[i, 6] * math.atan2(ny, nx), x[2]
    if kind == LEAVES:
        nx, ny, nz = (x[0] - p[i, 2]) / p[i, 5] ** 2, (x[1] - p[i, 3]) / p[i, 6] ** 2, (x[2] - p[i, 4]) / p[i, 7] ** 2
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        nx, ny, nz = nx / length, ny / length, nz / length
        # Leaves of a clump face all ways: bend the normal with the clumps.
        # The axis along which the surface faces most is the one a texture on it can do without.
        if abs(nz) > max(abs(nx), abs(ny)):
            along_u, along_v, u, v = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), x[0], x[1]
        elif abs(nx) > abs(ny):
            along_u, along_v, u, v = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), x[1], x[2]
        else:
            along_u, along_v, u, v = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), x[0], x[2]
        nx += 1.3 * (noise3(x[0] * 6, x[1] * 6, x[2] * 6) - 0.5)
        ny += 1.3 * (noise3(x[1] * 6, x[2] * 6, x[0] * 6) - 0.5)
        nz += 1.3 * (noise3(x[2] * 6, x[0] * 6, x[1] * 6) - 0.5) + 0.15
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        return (nx / length, ny / length, nz / length), along_u, along_v, u, v
    bx, by, bz = p[i, 5] - p[i, 2], p[i, 6] - p[i, 3], p[i, 7] - p[i, 4]
    ox, oy, oz = x[0] - p[i, 2], x[1] - p[i, 3], x[2] - p[i, 4]
    long = math.sqrt(bx * bx + by * by + bz * bz)
    t = (bx * ox + by * oy + bz * oz) / max(long * long, 1e-12)
    part = min(1.0, max(0.0, t))
    normal = (ox - part * bx) / p[i, 8], (oy - part * by) / p[i, 8], (oz - part * bz) / p[i, 8]
    axis = bx / max(long, 1e-9), by / max(long, 1e-9), bz / max(long, 1e-9)
    return normal, (1.0, 0.0, 0.0), axis, x[0], t * long


@njit(cache=True, error_model="numpy")
def _face_of_box(p: Numbers, i: int, side: int, x: Vector) -> tuple[Vector, Vector, Vector, float, float]:
    c, s = p[i, 8], p[i, 9]
    lx, ly = c * (x[0] - p[i, 2]) + s * (x[1] - p[i, 3]), c * (x[1] - p[i, 3]) - s * (x[0] - p[i, 2])
    if side >= 4:
        return (0.0, 0.0, 1.0 if side == 4 else -1.0), (c, s, 0.0), (-s, c, 0.0), lx, ly
    tall = p[i, 5] - p[i, 4]
    sign = 1.0 if side % 2 == 0 else -1.0
    if side < 2:
        lean = p[i, 6] * (1 - p[i, 10]) / tall
        nx, ny, u = sign, 0.0, ly
        ux, uy = -s, c
    else:
        lean = p[i, 7] * (1 - p[i, 11]) / tall
        nx, ny, u = 0.0, sign, lx
        ux, uy = c, s
    length = math.sqrt(1 + lean * lean)
    normal = (c * nx - s * ny) / length, (s * nx + c * ny) / length, lean / length
    return normal, (ux, uy, 0.0), (0.0, 0.0, 1.0), u, x[2]


@njit(cache=True, error_model="numpy")
def clearance(p: Numbers, i: int, x: float, y: float, height: float) -> float:
    """Returns how far a place on the ground lies from what stands below a height; below 0 inside it, FAR if nothing.

    Args:
        p: The solids.
        i: Which of them.
        x: The place.
        y: The place.
        height: What begins above this many metres does not count.
    """
    kind = int(p[i, 0])
    if kind == BOX:
        if p[i, 4] > height:
            return FAR
        rx, ry = x - p[i, 2], y - p[i, 3]
        a, b = abs(p[i, 8] * rx + p[i, 9] * ry) - p[i, 6], abs(p[i, 8] * ry - p[i, 9] * rx) - p[i, 7]
        return float(math.hypot(max(a, 0.0), max(b, 0.0)) + min(max(a, b), 0.0))
    if kind == CYLINDER:
        return float(math.hypot(x - p[i, 2], y - p[i, 3]) - p[i, 6]) if p[i, 4] <= height else FAR
    if kind == LEAVES:
        if p[i, 4] - p[i, 7] > height:
            return FAR
        return float(math.hypot(x - p[i, 2], y - p[i, 3]) - max(p[i, 5], p[i, 6]))
    if kind == RING:
        if p[i, 4] - p[i, 8] > height:
            return FAR
        ax, ay, bx, by, radius = (
            p[i, 2] - p[i, 5] * p[i, 8],
            p[i, 3] - p[i, 6] * p[i, 8],
            2 * p[i, 5] * p[i, 8],
            2 * p[i, 6] * p[i, 8],
            0.03,
        )
    else:
        if min(p[i, 4], p[i, 7]) - p[i, 8] > height:
            return FAR
        ax, ay, bx, by, radius = p[i, 2], p[i, 3], p[i, 5] - p[i, 2], p[i, 6] - p[i, 3], p[i, 8]
    t = ((x - ax) * bx + (y - ay) * by) / max(bx * bx + by * by, 1e-12)
    t = min(1.0, max(0.0, t))
    return float(math.hypot(x - ax - t * bx, y - ay - t * by) - radius)


def bounds(p: Numbers) -> Numbers:
    """Returns the corners (2, 3) of the upright box around a solid."""
    kind = int(p[0])
    if kind == BOX:
        across = abs(p[8]) * p[6] + abs(p[9]) * p[7], abs(p[9]) * p[6] + abs(p[8]) * p[7]
        return np.array(
            [[p[2] - across[0], p[3] - across[1], p[4]], [p[2] + across[0], p[3] + across[1], p[5]]], np.float64
        )
    if kind == ROD:
        ends = p[2:8].reshape(2, 3)
        return np.stack([ends.min(axis=0) - p[8], ends.max(axis=0) + p[8]])
    if kind == LEAVES:
        return np.stack([p[2:5] - p[5:8], p[2:5] + p[5:8]])
    if kind == RING:
        reach = np.array([abs(p[5]) * p[8] + 0.001, abs(p[6]) * p[8] + 0.001, p[8]])
        return np.stack([p[2:5] - reach, p[2:5] + reach])
    return np.array([[p[2] - p[6], p[3] - p[6], p[4]], [p[2] + p[6], p[3] + p[6], p[5]]], np.float64)
