"""A z-buffer rasteriser for small pictures: which triangle each pixel sees, and how deep.

Compiled with numba on first use (seconds) and cached by it. Everything runs on one thread: pictures, not pixels, are
spread over cores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

NEAR = 0.05
"""Metres; triangles nearer than this to the camera are left out."""


@njit(cache=True, error_model="numpy", fastmath=False)
def rasterise(points: Floats, faces: Ints, inside: Floats, limit: Floats) -> tuple[Ints, Floats, Floats]:
    """Draws triangles in perspective.

    Args:
        points: (V, 3) x, y in pixels (pixel centres at .5) and depth in metres.
        faces: (F, 3) indices of points.
        inside: (V,) value of each point; where its interpolation is negative nothing is drawn.
        limit: (H, W) depth of what is already there; nothing behind it is drawn.

    Returns:
        The face each pixel sees (H, W), -1 for none; its depth (H, W), else ``limit``; and the perspective-correct
        weights of the face's three corners (H, W, 3).
    """
    height, width = limit.shape
    seen = np.full((height, width), -1, np.int32)
    depth = limit.copy()
    corners = np.zeros((height, width, 3), np.float32)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        za, zb, zc = points[a, 2], points[b, 2], points[c, 2]
        if za < NEAR or zb < NEAR or zc < NEAR:
            continue
        first, second, third = points[a], points[b], points[c]
        left, right, top, bottom, area = _box(first, second, third, height, width)
        if area == 0:
            continue
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                wa, wb, wc = _weights(first, second, third, column + 0.5, row + 0.5, area)
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                inverse = wa / za + wb / zb + wc / zc
                z = 1 / inverse
                if z < depth[row, column] and wa * inside[a] + wb * inside[b] + wc * inside[c] >= 0:
                    depth[row, column] = z
                    seen[row, column] = face
                    corners[row, column, 0] = wa / za * z
                    corners[row, column, 1] = wb / zb * z
                    corners[row, column, 2] = wc / zc * z
    return seen, depth, corners


@njit(cache=True, error_model="numpy")
def depth_map(points: Floats, faces: Ints, resolution: int) -> Floats:
    """Draws what a light sees: parallel projection, largest value wins.

    Args:
        points: (V, 3) x, y in map pixels and height towards the light in metres.
        faces: (F, 3) indices of points.
        resolution: Side of the map in pixels.

    Returns:
        Largest height in each pixel (resolution, resolution), -1e9 where nothing is.
    """
    result = np.full((resolution, resolution), np.float32(-1e9))
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        first, second, third = points[a], points[b], points[c]
        left, right, top, bottom, area = _box(first, second, third, resolution, resolution)
        if area == 0:
            continue
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                wa, wb, wc = _weights(first, second, third, column + 0.5, row + 0.5, area)
                if wa >= 0 and wb >= 0 and wc >= 0:
                    z = wa * points[a, 2] + wb * points[b, 2] + wc * points[c, 2]
                    if z > result[row, column]:
                        result[row, column] = z
    return result


@njit(cache=True, error_model="numpy")
def _box(a: Floats, b: Floats, c: Floats, height: int, width: int) -> tuple[int, int, int, int, float]:
    """Returns the first and last column and row whose pixel centres a triangle may cover, and twice its signed area.

    The area is 0 if there are none.
    """
    left = max(0, int(np.floor(min(a[0], b[0], c[0]) - 0.5)) + 1)
    right = min(width - 1, int(np.floor(max(a[0], b[0], c[0]) - 0.5)))
    top = max(0, int(np.floor(min(a[1], b[1], c[1]) - 0.5)) + 1)
    bottom = min(height - 1, int(np.floor(max(a[1], b[1], c[1]) - 0.5)))
    if left > right or top > bottom:
        return left, right, top, bottom, 0.0
    return left, right, top, bottom, (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])


@njit(cache=True, error_model="numpy")
def _weights(a: Floats, b: Floats, c: Floats, x: float, y: float, area: float) -> tuple[float, float, float]:
    """Returns the weights of a triangle's corners at a place; none is negative inside."""
    wa = ((b[0] - x) * (c[1] - y) - (c[0] - x) * (b[1] - y)) / area
    wb = ((c[0] - x) * (a[1] - y) - (a[0] - x) * (c[1] - y)) / area
    return wa, wb, 1 - wa - wb


@njit(cache=True, error_model="numpy")
def skin(vertices: Floats, bones: Ints, weights: Floats, motion: Floats) -> Floats:
    """Linear blend skinning.

    Args:
        vertices: (V, 3) in rest pose.
        bones: (V, 4) indices of bones.
        weights: (V, 4) rows that sum to 1.
        motion: (B, 3, 4) rotation and translation of each bone from rest into the pose.

    Returns:
        (V, 3) in the pose.
    """
    result = np.zeros_like(vertices)
    for vertex in range(len(vertices)):
        for k in range(bones.shape[1]):
            weight = weights[vertex, k]
            if weight == 0:
                continue
            bone = bones[vertex, k]
            for axis in range(3):
                result[vertex, axis] += weight * (
                    motion[bone, axis, 0] * vertices[vertex, 0]
                    + motion[bone, axis, 1] * vertices[vertex, 1]
                    + motion[bone, axis, 2] * vertices[vertex, 2]
                    + motion[bone, axis, 3]
                )
    return result


@njit(cache=True, error_model="numpy")
def vertex_normals(vertices: Floats, faces: Ints) -> Floats:
    """Returns area-weighted unit normals (V, 3), outwards where faces are counter-clockwise from outside."""
    normals = np.zeros_like(vertices)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ux, uy, uz = (
            vertices[b, 0] - vertices[a, 0],
            vertices[b, 1] - vertices[a, 1],
            vertices[b, 2] - vertices[a, 2],
        )
        vx, vy, vz = (
            vertices[c, 0] - vertices[a, 0],
            vertices[c, 1] - vertices[a, 1],
            vertices[c, 2] - vertices[a, 2],
        )
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for vertex in range(len(vertices)):
        length = np.sqrt(normals[vertex, 0] ** 2 + normals[vertex, 1] ** 2 + normals[vertex, 2] ** 2)
        for axis in range(3):
            normals[vertex, axis] /= max(length, np.float32(1e-20))
    return normals


def light_axes(towards: NDArray[Any]) -> Floats:
    """Returns rows right, up, towards (3, 3) of a view along a light."""
    towards = np.asarray(towards, np.float64) / np.linalg.norm(towards)
    side = np.cross(towards, (0.0, 0.0, 1.0) if abs(towards[2]) < 0.9 else (0.0, 1.0, 0.0))
    side /= np.linalg.norm(side)
    return np.stack([side, np.cross(towards, side), towards]).astype(np.float32)
