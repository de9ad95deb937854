"""Shoes: trainers, leather shoes, boots and sandals around anny's bare feet."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import Body, skeleton
from reseen.world.optics.mesh import Material, Mesh, join
from reseen.world.people.pedestrian import Pedestrian
from reseen.world.wardrobe.shapes import (
    Binding,
    Floats,
    blend,
    edges_among,
    fan,
    grid_faces,
    hull_loop,
    one_material,
    rigid,
    section,
    shade,
    turn_to,
)

_AROUND = 24
_ALONG = 13
_SOLE = 0.02
_WELT = 0.006


def shoes(body: Body, person: Pedestrian, cloth: float = 0.01) -> Mesh:
    """Returns both shoes in rest pose; their soles lie lower than the bare feet did.

    Args:
        body: The body.
        person: Whose shoes.
        cloth: How far trousers stand off the shin in metres; boots reach outside of them.
    """
    upper = Material(
        Part.SHOES,
        person.shoes,
        gloss=0.5 if person.shoe_kind in ("leather", "boots") else 0.1,
        wrinkles=0.1,
        seed=person.seed,
    )
    sole = Material(Part.SHOES, _sole_colour(person), gloss=0.1, seed=person.seed)
    return join([_shoe(body, side, person, upper, sole, cloth) for side in ("L", "R")])


def _sole_colour(person: Pedestrian) -> tuple[float, float, float]:
    if person.shoe_kind == "trainers":
        rng = np.random.default_rng([person.seed, 31])
        return turn_to((0.92, 0.92, 0.9), person.shoes, float(rng.choice([0.0, 0.1, 0.8])))
    if person.shoe_kind == "sandals":
        return 0.32, 0.23, 0.16
    return shade(person.shoes, 0.4)


@lru_cache(maxsize=2)
def foot_vertices(side: str) -> NDArray[np.int64]:
    """Numbers of the skin vertices of a foot with its toes."""
    rig = skeleton()
    bones = [n for n, name in enumerate(rig.names) if name.startswith(("foot", "toe")) and name.endswith(side)]
    return np.flatnonzero((rig.weights * np.isin(rig.bones, bones)).sum(axis=1) > 0.5)


@lru_cache(maxsize=2)
def _leg_edges(side: str) -> NDArray[np.int32]:
    """Edges of the skin of a shin and foot."""
    rig = skeleton()
    names = ("lowerleg", "foot", "toe")
    bones = [n for n, name in enumerate(rig.names) if name.startswith(names) and name.endswith(side)]
    return edges_among((rig.weights * np.isin(rig.bones, bones)).sum(axis=1) > 0.5)


def _shoe(body: Body, side: str, person: Pedestrian, upper: Material, sole: Material, cloth: float) -> Mesh:
    foot = body.vertices[foot_vertices(side)].astype(np.float64)
    # Along the foot: from the heel to the second toe, level.
    forwards = body.head(f"toe2-1.{side}").astype(np.float64) - body.head(f"foot.{side}")
    forwards[2] = 0
    forwards /= np.linalg.norm(forwards)
    across = np.array([-forwards[1], forwards[0], 0.0])
    up = np.array([0.0, 0.0, 1.0])
    frame = np.stack([forwards, across, up])
    origin = body.head(f"foot.{side}").astype(np.float64) * [1, 1, 0] + [0, 0, foot[:, 2].min()]
    points = (foot - origin) @ frame.T  # (N, 3) forwards, to the left, up
    size = float(np.ptp(points[:, 0])) / 0.25
    toe_joint = float(((body.head(f"toe3-1.{side}") - origin) @ frame.T)[0])

    def bound(vertices: Floats, faces: NDArray[Any], material: Material) -> Mesh:
        binding = _bend(vertices[:, 0], toe_joint, size, side)
        return one_material(vertices @ frame + origin, faces, material, binding)

    parts: list[Mesh] = [bound(*_sole(points, size), sole)]
    if person.shoe_kind == "sandals":
        parts += [bound(*strap, upper) for strap in _straps(points, size)]
        return join(parts)
    parts.append(bound(*_upper(points, size, low=person.shoe_kind != "boots"), upper))
    if person.shoe_kind == "boots":
        parts.append(_shaft(body, side, upper, cloth))
    return join(parts)


def _bend(along: Floats, toe_joint: float, size: float, side: str) -> Binding:
    """What lies before the toes' joints goes with the toes, the rest with the foot."""
    count = len(along)
    share = np.clip((along - toe_joint) / (0.03 * size) + 0.5, 0, 1)
    return blend(rigid(f"foot.{side}", count), rigid(f"toe3-1.{side}", count), share)


def _slices(points: Floats, low: float, high: float, count: int) -> list[Floats]:
    """The foot's points (N, 2) across and up in slabs along it, each overlapping the next ones."""
    cuts = np.linspace(low, high, count)
    reach = (high - low) / (count - 1)
    return [points[np.abs(points[:, 0] - cut) <= reach * 1.01][:, 1:] for cut in cuts]


def _upper(points: Floats, size: float, *, low: bool) -> tuple[Floats, NDArray[np.int32]]:
    """A row of convex cuts from the heel to the toes, closed at both ends; the leg passes through its top."""
    heel, toes = points[:, 0].min(), points[:, 0].max()
    collar = (0.07 if low else 0.115) * size
    kept = points[points[:, 2] < collar]
    cuts = np.linspace(heel, toes, _ALONG)
    offset = 0.005 * size + 0.002
    rings = []
    for cut, cross in zip(cuts, _slices(kept, heel, toes, _ALONG), strict=True):
        # Down to the ground: a shoe stands upright on its sole.
        ground = np.stack([cross[:, 0], np.zeros(len(cross))], axis=1)
        loop = _started(hull_loop(np.concatenate([cross, ground]), offset, _AROUND))
        rings.append(np.column_stack([np.full(_AROUND, cut), loop]))
    first, last = _cap(rings[0], -0.012 * size), _cap(rings[-1], 0.012 * size)
    grid = np.stack([*first[::-1], *rings, *last])  # (R, 24, 3)
    vertices = np.concatenate([grid.reshape(-1, 3), first[-1].mean(axis=0)[None], last[-1].mean(axis=0)[None]])
    total = len(grid) * _AROUND
    ends = [fan(np.arange(_AROUND)[::-1], total), fan(np.arange(_AROUND) + total - _AROUND, total + 1)]
    return vertices, np.concatenate([grid_faces(len(grid), _AROUND, closed=True)[:, ::-1], *ends])


def _started(loop: Floats) -> Floats:
    """Returns the loop from its lowest leftmost point on, so that neighbouring cuts match."""
    return np.roll(loop, -int(np.argmin(loop[:, 1] * 3 + loop[:, 0])), axis=0)


def _cap(ring: Floats, out: float) -> list[Floats]:
    """Two smaller rings that round off an end."""
    middle = ring.mean(axis=0)
    middle[2] = ring[:, 2].min() * 0.6 + ring[:, 2].max() * 0.4
    return [middle + (ring - middle) * factor + [share * out, 0, 0] for factor, share in ((0.88, 0.7), (0.5, 1.0))]


def _sole(points: Floats, size: float) -> tuple[Floats, NDArray[np.int32]]:
    """The outline of the foot, drawn out to a plate under it."""
    loop = hull_loop(points[:, :2], 0.009 * size + 0.003, 32)
    middle = loop.mean(axis=0)
    thickness = _SOLE * size
    rings = [
        np.column_stack([middle + (loop - middle) * factor, np.full(len(loop), height)])
        for factor, height in (
            (0.90, _WELT),
            (0.985, _WELT),
            (1.0, _WELT - 0.15 * thickness),
            (1.0, _WELT - 0.85 * thickness),
            (0.97, _WELT - thickness),
        )
    ]
    count = len(loop)
    vertices = np.concatenate([*rings, [[*middle, _WELT]], [[*middle, _WELT - thickness]]])
    total = len(rings) * count
    ends = [fan(np.arange(count), total), fan(np.arange(count)[::-1] + total - count, total + 1)]
    return vertices, np.concatenate([grid_faces(len(rings), count, closed=True), *ends])


def _straps(points: Floats, size: float) -> list[tuple[Floats, NDArray[np.int32]]]:
    """A sandal's straps: over the toes' joints, over the instep, around the ankle."""
    heel, toes = points[:, 0].min(), points[:, 0].max()
    length = toes - heel
    straps = []
    for place, width in ((0.70, 0.03), (0.48, 0.022)):
        middle = heel + place * length
        half = width * size
        near = points[(np.abs(points[:, 0] - middle) < half) & (points[:, 2] < 0.09 * size)][:, 1:]
        bands: list[Floats] = []
        for edge in (-0.7, -0.7, 0.7, 0.7):
            offset = 0.001 if len(bands) in (0, 3) else 0.005 * size + 0.002
            loop = _started(hull_loop(near, offset, _AROUND))
            bands.append(np.column_stack([np.full(_AROUND, middle + edge * half), loop]))
        straps.append((np.concatenate(bands), grid_faces(4, _AROUND, closed=True)[:, ::-1]))
    behind = points[(points[:, 2] > 0.045 * size) & (points[:, 2] < 0.075 * size)][:, :2]
    loop = hull_loop(behind, 0.006 * size, _AROUND)
    rings = [np.column_stack([loop, np.full(_AROUND, height * size)]) for height in (0.07, 0.052)]
    straps.append((np.concatenate(rings), grid_faces(2, _AROUND, closed=True)))
    return straps


def _shaft(body: Body, side: str, material: Material, cloth: float) -> Mesh:
    """A boot's shaft, from the ankle to the middle of the calf."""
    ankle, knee = body.head(f"foot.{side}").astype(np.float64), body.head(f"lowerleg01.{side}").astype(np.float64)
    along = knee - ankle
    rows = np.linspace(0.55, -0.08, 9)
    rings: list[Floats] = []
    for row in rows:
        middle = ankle + row * along
        near = section(body.vertices, _leg_edges(side), middle, np.array([0, 0, 1.0]))[:, :2]
        offset = 0.008 + cloth * np.clip(row / 0.15, 0, 1)
        if row < 0.05:  # within the ankle, not over the instep
            near = near[np.linalg.norm(near - middle[:2], axis=1) < 0.07 * along[2] / 0.47]
        loop = hull_loop(near, offset, _AROUND)
        loop = np.roll(loop, -int(np.argmax(loop[:, 0])), axis=0)
        rings.append(np.column_stack([loop, np.full(_AROUND, middle[2])]))
    lip = rings[0].mean(axis=0) + (rings[0] - rings[0].mean(axis=0)) * [0.8, 0.8, 1] - [0, 0, 0.004]
    grid = np.concatenate([lip, *rings])
    share = np.repeat([rows[0], *rows], _AROUND)
    binding = blend(
        rigid(f"lowerleg01.{side}", len(grid)), rigid(f"foot.{side}", len(grid)), np.clip(0.5 - share / 0.16, 0, 1)
    )
    return one_material(grid, grid_faces(len(rings) + 1, _AROUND, closed=True), material, binding)
