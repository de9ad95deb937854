"""Building blocks of everything worn or carried: grids, boxes, tubes, straps, and how they follow the bones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from reseen.world.bodies.body import Body, skeleton
from reseen.world.optics.mesh import Colour, Material, Mesh

Floats = NDArray[np.float64]
Binding = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Bones (V, 4) and weights (V, 4)."""


def shade(colour: Colour, factor: float) -> Colour:
    """Returns the colour darker (factor below 1) or lighter."""
    red, green, blue = (min(max(channel * factor, 0.0), 1.0) for channel in colour)
    return red, green, blue


def turn_to(colour: Colour, other: Colour, share: float) -> Colour:
    """Returns a mixture of two colours, ``share`` of it the other."""
    red, green, blue = ((1 - share) * a + share * b for a, b in zip(colour, other, strict=True))
    return red, green, blue


def one_material(vertices: NDArray[Any], faces: NDArray[np.int32], material: Material, binding: Binding) -> Mesh:
    """Returns a mesh that is all of one material."""
    return Mesh(
        np.ascontiguousarray(vertices, dtype=np.float32),
        np.ascontiguousarray(faces, dtype=np.int32),
        (material,),
        np.zeros(len(faces), np.int32),
        *binding,
    )


def grid_faces(rows: int, columns: int, *, closed: bool) -> NDArray[np.int32]:
    """Faces of a grid of vertices, row by row; outwards if columns run anti-clockwise seen from the first row's side.

    Args:
        rows: Number of rows.
        columns: Vertices in each.
        closed: Whether the last column is joined to the first.
    """
    row = np.arange(rows - 1)[:, None]
    column = np.arange(columns if closed else columns - 1)[None]
    after = (column + 1) % columns
    a, b = row * columns + column, row * columns + after
    c, d = a + columns, b + columns
    faces = np.stack([np.stack([a, c, b], -1), np.stack([b, c, d], -1)], 2)  # (rows-1, columns, 2, 3)
    return faces.reshape(-1, 3).astype(np.int32)


def fan(ring: Sequence[int] | NDArray[Any], centre: int) -> NDArray[np.int32]:
    """Faces from a closed ring to one vertex; outwards if the ring runs anti-clockwise seen from outside."""
    ring = np.asarray(ring)
    return np.stack([ring, np.roll(ring, -1), np.full(len(ring), centre)], axis=1).astype(np.int32)


def tube(
    path: NDArray[Any], radii: NDArray[Any], *, sides: int = 8, flat: float = 1.0
) -> tuple[Floats, NDArray[np.int32]]:
    """Returns vertices and faces of a tube with closed ends along a path.

    Args:
        path: (N, 3).
        radii: (N,) in metres.
        sides: Vertices around.
        flat: Its thickness front to back as a fraction of that across.
    """
    along = np.gradient(np.asarray(path, np.float64), axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    helper = np.eye(3)[np.argmin(np.abs(along).mean(axis=0))]
    across = np.cross(along, helper)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(along, across)
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(angles)[:, None, None] * across + flat * np.sin(angles)[:, None, None] * other  # (sides, N, 3)
    rings = path[:, None] + np.asarray(radii)[:, None, None] * ring.transpose(1, 0, 2)
    count = len(path)
    vertices = np.concatenate([rings.reshape(-1, 3), path[:1], path[-1:]])
    ends = [fan(np.arange(sides)[::-1], count * sides), fan(np.arange(sides) + (count - 1) * sides, count * sides + 1)]
    return vertices, np.concatenate([grid_faces(count, sides, closed=True)[:, ::-1], *ends])


@lru_cache(maxsize=4)
def _cube(cuts: tuple[float, ...]) -> tuple[Floats, NDArray[np.int32]]:
    """A cube's surface [-1, 1] cut at the given coordinates, welded."""
    count = len(cuts)
    u, v = np.meshgrid(cuts, cuts, indexing="ij")
    points: list[Floats] = []
    faces: list[NDArray[np.int32]] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            side = np.empty((count, count, 3))
            side[..., axis] = sign
            side[..., (axis + 1) % 3], side[..., (axis + 2) % 3] = u, v
            found = grid_faces(count, count, closed=False) + len(points) * count**2
            faces.append(found if sign > 0 else found[:, ::-1])
            points.append(side.reshape(-1, 3))
    unique, number = np.unique(np.concatenate(points).round(6), axis=0, return_inverse=True)
    return unique, number.reshape(-1)[np.concatenate(faces)].astype(np.int32)


def rounded_box(half: Sequence[float] | Floats, radius: float) -> tuple[Floats, NDArray[np.int32]]:
    """Returns vertices (V, 3) around the origin and faces of a box with rounded edges.

    Args:
        half: Half its size along x, y, z in metres.
        radius: Of the edges in metres.
    """
    unit, faces = _cube((-1.0, -0.9, -0.55, 0.0, 0.55, 0.9, 1.0))
    size = np.asarray(half, np.float64)
    corner = unit * size
    radius = min(radius, float(size.min()) * 0.98)
    # Cuts near the edges fall on the rounding, whatever the box's proportions.
    corner = np.where(np.abs(unit) == 0.9, np.sign(unit) * (size - 0.4 * radius), corner)
    inner = np.clip(corner, radius - size, size - radius)
    out = corner - inner
    return inner + radius * out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9), faces


def rigid(bone: str, count: int) -> Binding:
    """Returns the binding of vertices that all follow one bone."""
    bones = np.zeros((count, 4), np.int32)
    bones[:, 0] = skeleton().index[bone]
    weights = np.zeros((count, 4), np.float32)
    weights[:, 0] = 1
    return bones, weights


@lru_cache(maxsize=1)
def torso_vertices() -> NDArray[np.bool_]:
    """Which skin vertices (V,) belong to the trunk with shoulders and hips, without arms, neck and thighs."""
    rig = skeleton()
    bones = [number for number, name in enumerate(rig.names) if _of_torso(name)]
    share: NDArray[np.float32] = (rig.weights * np.isin(rig.bones, bones)).sum(axis=1)
    return share > 0.5


def _of_torso(bone: str) -> bool:
    return bone.startswith(("root", "pelvis", "spine", "clavicle", "shoulder"))


@lru_cache(maxsize=1)
def _torso_binding() -> Binding:
    """Binding of the trunk's skin with the legs' and the neck's shares left out."""
    rig = skeleton()
    chosen = torso_vertices()
    of_torso = np.isin(
        rig.bones[chosen], [n for n, name in enumerate(rig.names) if _of_torso(name) or "upperarm" in name]
    )
    weights = rig.weights[chosen] * of_torso
    return rig.bones[chosen], (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def follow_torso(body: Body, vertices: NDArray[Any]) -> Binding:
    """Returns the binding of vertices that go with the trunk: with the four nearest vertices of its skin."""
    bones, weights = _torso_binding()
    _, near = cKDTree(body.vertices[torso_vertices()]).query(vertices, k=4)
    return _merged(bones[near].reshape(len(near), -1), weights[near].reshape(len(near), -1) / 4)


def blend(first: Binding, second: Binding, share: NDArray[Any]) -> Binding:
    """Returns a mixture of two bindings, ``share`` (V,) of it the second."""
    share = np.asarray(share, np.float32)[:, None]
    bones = np.concatenate([first[0], second[0]], axis=1)
    return _merged(bones, np.concatenate([first[1] * (1 - share), second[1] * share], axis=1))


def _merged(bones: NDArray[np.int32], weights: NDArray[np.float32]) -> Binding:
    """Sums the weights of equal bones and keeps the four largest."""
    order = np.argsort(bones, axis=1, kind="stable")
    bones, weights = np.take_along_axis(bones, order, 1), np.take_along_axis(weights, order, 1).copy()
    for k in range(bones.shape[1] - 1):
        same = bones[:, k] == bones[:, k + 1]
        weights[:, k + 1] += np.where(same, weights[:, k], 0)
        weights[:, k] = np.where(same, 0, weights[:, k])
    kept = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    weights = np.take_along_axis(weights, kept, 1)
    return np.take_along_axis(bones, kept, 1), (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def edges_among(chosen: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Returns the skin's edges (E, 2) of faces all of whose corners are chosen (V,)."""
    faces = skeleton().faces
    inside = faces[chosen[faces].all(axis=1)]
    edges = np.sort(np.concatenate([inside[:, [0, 1]], inside[:, [1, 2]], inside[:, [2, 0]]]), axis=1)
    return np.unique(edges, axis=0)


@lru_cache(maxsize=1)
def torso_edges() -> NDArray[np.int32]:
    """The edges (E, 2) of the skin of trunk and lower neck."""
    return _edges_of("neck01")


@lru_cache(maxsize=1)
def hip_edges() -> NDArray[np.int32]:
    """The edges (E, 2) of the skin of trunk and thighs."""
    return _edges_of("upperleg")


def _edges_of(more: str) -> NDArray[np.int32]:
    rig = skeleton()
    bones = [n for n, name in enumerate(rig.names) if _of_torso(name) or name.startswith(more)]
    return edges_among((rig.weights * np.isin(rig.bones, bones)).sum(axis=1) > 0.5)


def section(
    vertices: NDArray[np.float32], edges: NDArray[np.int32], point: NDArray[Any], normal: NDArray[Any]
) -> Floats:
    """Returns where a plane cuts the edges (E, 2) between vertices (V, 3), in no order (N, 3)."""
    found: Floats = _cut(vertices, edges, np.asarray(point, np.float64), np.asarray(normal, np.float64))
    return found


@njit(cache=True)
def _cut(vertices: NDArray[np.float32], edges: NDArray[np.int32], point: Floats, normal: Floats) -> Floats:
    found = np.empty((len(edges), 3))
    count = 0
    for edge in range(len(edges)):
        a, b = edges[edge, 0], edges[edge, 1]
        first, second = 0.0, 0.0
        for axis in range(3):
            first += (vertices[a, axis] - point[axis]) * normal[axis]
            second += (vertices[b, axis] - point[axis]) * normal[axis]
        if first * second < 0:
            share = first / (first - second)
            for axis in range(3):
                found[count, axis] = vertices[a, axis] * (1 - share) + vertices[b, axis] * share
            count += 1
    return found[:count]


def hull_loop(points: NDArray[Any], offset: float, count: int) -> Floats:
    """Returns the convex hull of plane points, moved outwards, as evenly spaced points (count, 2), anti-clockwise.

    Args:
        points: (N, 2).
        offset: Metres between hull and loop.
        count: How many points; the first is the hull's leftmost.
    """
    found: Floats = _loop(np.ascontiguousarray(points, dtype=np.float64), offset, count)
    return found


@njit(cache=True)
def _loop(points: Floats, offset: float, count: int) -> Floats:
    corners = _hull(points)
    # A 16-sided circle with this radius around each corner reaches at least ``offset`` in all directions.
    radius = offset / np.cos(np.pi / 16)
    grown = np.empty((16 * len(corners), 2))
    for corner in range(len(corners)):
        for step in range(16):
            grown[16 * corner + step, 0] = corners[corner, 0] + radius * np.cos(step * np.pi / 8)
            grown[16 * corner + step, 1] = corners[corner, 1] + radius * np.sin(step * np.pi / 8)
    loop = _hull(grown)
    sides = np.empty(len(loop))
    for corner in range(len(loop)):
        after = loop[(corner + 1) % len(loop)]
        sides[corner] = np.hypot(after[0] - loop[corner, 0], after[1] - loop[corner, 1])
    result = np.empty((count, 2))
    spacing = sides.sum() / count
    corner, gone = 0, 0.0  # length of the sides before this corner
    for number in range(count):
        while corner < len(loop) - 1 and gone + sides[corner] < number * spacing:
            gone += sides[corner]
            corner += 1
        share = (number * spacing - gone) / sides[corner]
        result[number] = loop[corner] * (1 - share) + loop[(corner + 1) % len(loop)] * share
    return result


@njit(cache=True)
def _hull(points: Floats) -> Floats:
    """The corners of plane points' convex hull, anti-clockwise from the leftmost, by Andrew's monotone chain."""
    order = np.argsort(points[:, 0] + 1e-9 * points[:, 1])
    corners = np.empty((2 * len(points) + 1, 2))
    count = 0
    for way in range(2):
        start = count
        for step in range(len(points)):
            point = points[order[step if way == 0 else len(points) - 1 - step]]
            while count >= start + 2:
                a, b = corners[count - 2], corners[count - 1]
                if (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) > 0:
                    break
                count -= 1
            corners[count] = point
            count += 1
        count -= 1  # the next chain begins with this one's last point
    return corners[:count]
