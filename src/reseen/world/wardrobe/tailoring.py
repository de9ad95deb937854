"""Cutting and hanging cloth: shells round the body's surface, drapes, and tubes round both legs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reseen.world.bodies.body import Body, Skeleton
from reseen.world.bodies.landmarks import Floats, Landmarks
from reseen.world.optics.mesh import Material, Mesh

_ANGLES = 48
"""Directions round a limb or a skirt."""
_SLAB = 0.02
"""Metres of height that are draped as one."""


def shell(
    marks: Landmarks,
    chosen: NDArray[np.bool_],
    offset: NDArray[np.float64],
    inside: Floats,
    material: Material,
    *,
    torso: Floats | None = None,
    legs: Floats | None = None,
) -> Mesh:
    """Cuts a garment out of the body's surface, pushes it outwards, lets it drape and smooths it."""
    body, skeleton = marks.body, marks.body.skeleton
    kept, renumbered = np.unique(skeleton.faces[chosen[skeleton.faces].all(axis=1)], return_inverse=True)
    faces = renumbered.reshape(-1, 3).astype(np.int32)
    skin, normals = body.vertices[kept], body.normals[kept]
    least = offset[kept].astype(np.float32)
    shell = skin + normals * least[:, None]
    for target in (torso, legs):
        if target is not None:
            shell = shell + target[kept]
    smoothing = _smoothing(faces, len(kept))
    for _ in range(12):
        shell = smoothing @ shell
    short = np.maximum(least - ((shell - skin) * normals).sum(axis=1), 0)
    shell = shell + normals * short[:, None]
    for _ in range(2):
        shell = smoothing @ shell
    return Mesh(
        shell.astype(np.float32),
        faces,
        (material,),
        np.zeros(len(faces), np.int32),
        skeleton.bones[kept],
        skeleton.weights[kept],
        inside[kept],
    )


def _smoothing(faces: NDArray[np.int32], count: int) -> sparse.csr_matrix:
    """Moves each vertex half-way to its neighbours' mean; vertices on the rim stay."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    both = np.concatenate([edges, edges[:, ::-1]])
    times = sparse.coo_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), (count, count)).tocsr()
    rim = np.unique(times.tocoo().row[times.tocoo().data == 1])
    near = (times > 0).astype(np.float64)
    mean = sparse.diags(1 / np.maximum(np.asarray(near.sum(axis=1)).ravel(), 1)) @ near
    share = np.full(count, 0.5)
    share[rim] = 0
    return (sparse.diags(1 - share) + sparse.diags(share) @ mean).tocsr()


def drape_torso(marks: Landmarks, slope: float) -> Floats:
    """How far torso vertices move outwards (V, 3) for cloth to hang from the chest instead of clinging below it."""
    body = marks.body
    torso = (marks.groups["arms"] < 0.3) & (marks.groups["head"] < 0.3) & (marks.leg < 0.2)
    chest = body.head("spine01")[2]
    return _drape(body.vertices, torso & (body.vertices[:, 2] < chest), slope, centre=None)


def drape_legs(marks: Landmarks, slope: float, wide: float) -> Floats:
    """How far leg vertices move outwards (V, 3) for trouser legs to hang from the thigh and end wide."""
    body = marks.body
    moved = np.zeros_like(body.vertices)
    for side, sign in (("L", 1), ("R", -1)):
        joints = [body.head(f"{bone}.{side}") for bone in ("upperleg01", "lowerleg01", "foot")]
        own = (body.vertices[:, 0] * sign > 0) & (marks.leg > 0.12) & (marks.leg < 1.15)
        own &= (marks.groups["arms"] < 0.3) & (marks.groups["feet"] < 0.6)
        least = (0.052 + 0.06 * wide) * marks.scale
        moved += _drape(body.vertices, own, slope, centre=joints, least=least)
    return moved


def _drape(
    vertices: Floats,
    own: NDArray[np.bool_],
    slope: float,
    centre: list[Floats] | None,
    least: float = 0.0,
) -> Floats:
    """Cloth falls from the widest place: going down, its radius shrinks by no more than ``slope`` per metre."""
    points = vertices[own]
    if centre is None:
        middle = np.stack([np.zeros(len(points)), np.full(len(points), points[:, 1].mean())], axis=1)
    else:
        heights = np.array([joint[2] for joint in centre[::-1]])
        middle = np.stack(
            [np.interp(points[:, 2], heights, [joint[axis] for joint in centre[::-1]]) for axis in (0, 1)], axis=1
        )
    away = points[:, :2] - middle
    radius, angle = np.linalg.norm(away, axis=1), np.arctan2(away[:, 1], away[:, 0])
    top = points[:, 2].max()
    slab = ((top - points[:, 2]) / _SLAB).astype(int)
    bin_ = ((angle + np.pi) / (2 * np.pi) * _ANGLES).astype(int) % _ANGLES
    grid = np.zeros((slab.max() + 1, _ANGLES))
    np.maximum.at(grid, (slab, bin_), radius)
    for row in range(1, len(grid)):
        grid[row] = np.maximum(grid[row], grid[row - 1] - slope * _SLAB)
    grid = np.maximum(grid, least)
    wide = np.stack([np.roll(grid, shift, axis=1) for shift in (-1, 0, 1)]).mean(axis=0)
    grown = np.maximum(wide[slab, bin_] - radius, 0)
    moved = np.zeros_like(vertices)
    moved[own, :2] = away / np.maximum(radius, 1e-6)[:, None] * grown[:, None]
    return moved


def tube(
    marks: Landmarks, top: float, end: float, thick: float, flare: float, material: Material, over: Floats | None = None
) -> Mesh:
    """Rings round both legs that widen downwards, bound half to the pelvis and half to the nearer leg.

    The section is convex, as cloth stretched round both legs is, and lies outside of what it is worn ``over`` (V, 3).
    """
    body, skeleton = marks.body, marks.body.skeleton
    rings = max(int((top - end) / 0.025), 4)
    heights = np.linspace(top, end, rings)
    angles = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    solid = (marks.groups["arms"] < 0.3) & (marks.groups["head"] < 0.3)
    middle = body.vertices[solid & (np.abs(body.vertices[:, 2] - marks.waist) < 0.1), 1].mean()
    stuff = body.vertices[solid] if over is None else np.concatenate([body.vertices[solid], over])
    radii: list[NDArray[np.float64]] = []
    last = np.zeros(_ANGLES)
    for height in heights:
        points = stuff[np.abs(stuff[:, 2] - height) < 0.02][:, :2] - (0, middle)
        own = (points @ directions.T).max(axis=0) + thick if len(points) else last
        last = np.maximum(own, last + (flare if len(radii) else 0) * (top - end) / rings) if len(radii) else own
        radii.append(last)
    radius = np.array(radii)
    radius[0] -= 0.012  # The upper rim lies inside the garment it continues.
    # Folds grow towards the hem.
    folds = np.random.default_rng([material.seed, 3]).integers(7, 12)
    down = np.linspace(0, 1, rings)[:, None]
    radius = radius * (1 + 0.05 * flare * 4 * down**1.5 * np.cos(folds * angles)[None])
    vertices = np.concatenate(
        [
            np.column_stack([r * directions[:, 0], middle + r * directions[:, 1], np.full(_ANGLES, height)])
            for r, height in zip(radius, heights, strict=True)
        ]
    ).astype(np.float32)
    bones, weights = _tube_weights(body, skeleton, vertices)
    # An open coat shows what is below it.
    open_at = np.abs(vertices[:, 0]) + np.where(vertices[:, 1] < middle, 0, 1) - material.opening * 1.2
    inside = open_at.astype(np.float32) if material.opening else None
    return Mesh(
        vertices,
        grid_faces(rings, _ANGLES),
        (replace(material, opening=0.0),),
        np.zeros((rings - 1) * _ANGLES * 2, np.int32),
        bones,
        weights,
        inside,
    )


def _tube_weights(body: Body, skeleton: Skeleton, vertices: Floats) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    index = skeleton.index
    columns = [index["root"], index["upperleg01.L"], index["upperleg01.R"], index["lowerleg01.L"]]
    hip, knee = body.head("upperleg01.L")[2], body.head("lowerleg01.L")[2]
    fall = np.clip((hip + 0.03 - vertices[:, 2]) / (hip - knee), 0, 1)
    leg = 0.92 * fall**0.5
    left = 1 / (1 + np.exp(-vertices[:, 0] / 0.035))
    weights = np.stack([1 - leg, leg * left, leg * (1 - left), np.zeros(len(vertices))], axis=1)
    return np.tile(np.array(columns, np.int32), (len(vertices), 1)), weights.astype(np.float32)


def grid_faces(rings: int, around: int) -> NDArray[np.int32]:
    """Faces of a tube of rings, outside counter-clockwise when rings go down and angles go left round."""
    upper = np.arange((rings - 1) * around).reshape(rings - 1, around)
    right = np.roll(upper, -1, axis=1)
    lower, corner = upper + around, right + around
    quads = np.stack([upper, lower, corner, right], axis=2).reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
