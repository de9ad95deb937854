"""Hair: a shell over the scalp that may go on as a curtain, a pony tail or a bun."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import Body
from reseen.world.optics.mesh import Material, Mesh, join
from reseen.world.people.pedestrian import Pedestrian
from reseen.world.wardrobe.scalp import Scalp, scalp, scalp_binding
from reseen.world.wardrobe.shapes import (
    Binding,
    Floats,
    blend,
    follow_torso,
    grid_faces,
    one_material,
    rigid,
    shade,
    tube,
)

# Polar angle of the hairline by azimuth: forehead, temple, before, over and behind the ear, nape.
_LINE_AZIMUTH = (0, 22, 42, 56, 64, 76, 82, 92, 104, 114, 130, 180)
_LINE_POLAR = (51, 52, 57, 66, 88, 98, 86, 78, 84, 108, 121, 123)
_COLUMNS = 48
_ROWS = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.79, 0.87, 0.93, 0.97, 1.0])
_LONG = ("bob", "long")
UNDER_HAT = 0.007
"""Metres (of a grown man's head) that hair stands off under a hat at most."""


def hair(body: Body, person: Pedestrian) -> Mesh | None:
    """Returns the hair in rest pose, or None for a bald person."""
    if person.hair == "bald":
        return None
    rng = np.random.default_rng([person.seed, 17])
    material = Material(
        Part.HAIR,
        person.hair_colour,
        pattern="gradient" if person.hair in _LONG else "plain",
        second=shade(person.hair_colour, float(rng.uniform(0.7, 1.5))),
        scale=0.4,
        gloss=0.3,
        wrinkles=0.5,
        seed=person.seed,
    )
    head = scalp(body)
    if person.hair in _LONG:
        return _curtain(body, head, person, material, rng)
    shell = _shell(head, person, material, rng)
    if person.hair == "bun":
        return join([shell, _bun(head, person, material, rng)])
    if person.hair == "ponytail":
        return join([shell, _ponytail(body, head, person, material, rng)])
    return shell


def _mirrored(azimuth: NDArray[Any]) -> Floats:
    """Angle from the front, 0 to 180, of azimuths."""
    return np.abs((np.asarray(azimuth, np.float64) + 180) % 360 - 180)


def _waves(rng: np.random.Generator, azimuth: NDArray[Any], strength: float) -> Floats:
    """A smooth random periodic curve over azimuths in degrees, about 0."""
    orders = np.arange(2, 9)
    turns = np.radians(np.asarray(azimuth))[..., None] * orders + rng.uniform(0, 2 * np.pi, len(orders))
    found: Floats = strength * (np.cos(turns) / np.sqrt(len(orders))).sum(axis=-1)
    return found


def _under_hat(person: Pedestrian, thickness: Floats) -> Floats:
    return thickness if person.hat is None else np.minimum(thickness, UNDER_HAT)


def _shell(head: Scalp, person: Pedestrian, material: Material, rng: np.random.Generator) -> Mesh:
    """Hair from the crown to the hairline, sunk into the skin at its edge."""
    male = person.body.get("gender", 0.5) < 0.5
    tight = person.hair != "short"
    azimuth = np.arange(_COLUMNS) * 360.0 / _COLUMNS
    front = _mirrored(azimuth)
    line = np.interp(front, _LINE_AZIMUTH, _LINE_POLAR) + _waves(rng, azimuth, 0.8)
    fringe = not tight and person.hat is None and rng.random() < (0.35 if male else 0.6)
    receding = male and person.body.get("age", 0.5) > 0.8
    if fringe:
        line += rng.uniform(14, 24) * np.clip((60 - front) / 18, 0, 1)
    elif receding:
        line -= rng.uniform(4, 16) * np.exp(-(((front - 30) / 22) ** 2))
    top = 0.009 if tight else rng.uniform(0.010, 0.030) if male else rng.uniform(0.018, 0.032)
    side = 0.007 if tight else top * rng.uniform(0.3, 0.6) if male else top * rng.uniform(0.6, 0.9)
    parting = rng.uniform(-25, 25)
    polar = _ROWS[:, None] * line  # (R, C)
    up = np.cos(np.radians(np.minimum(polar * 1.1, 90))) ** 0.7
    thickness = side + (top - side) * up + _waves(rng, azimuth, 0.12 * top) * np.sin(np.radians(polar))
    # Combed to one side: higher on the side away from the parting.
    thickness += 0.12 * top * up * np.sin(np.radians(azimuth - parting))
    # Over the forehead hair ends within a finger's width; men's is cut thinner and thinner down sides and nape.
    fade = 12 + (26 if male else 8) * np.clip((front - 50) / 30, 0, 1)
    edge = np.clip((line - polar) / fade, 0, 1) ** (0.35 if fringe else 0.7)
    floor = np.where(_ROWS == 1, -0.004, 0.003)[:, None]
    thickness = np.maximum(_under_hat(person, thickness) * edge, floor)
    vertices = head.pushed(polar, np.broadcast_to(azimuth, polar.shape), thickness)
    return _on_head(vertices, polar, azimuth, material)


def _on_head(vertices: Floats, polar: Floats, azimuth: Floats, material: Material) -> Mesh:
    rows, columns = polar.shape
    binding = scalp_binding(polar.ravel(), np.broadcast_to(azimuth, polar.shape).ravel())
    return one_material(vertices.reshape(-1, 3), grid_faces(rows, columns, closed=True), material, binding)


def _bun(head: Scalp, person: Pedestrian, material: Material, rng: np.random.Generator) -> Mesh:
    """A knot at the back of the head."""
    polar = np.array(rng.uniform(48, 95) if person.hat is None else 112.0)
    middle = head.pushed(polar, np.array(180.0), 0.014)
    size = head.scale * rng.uniform(0.032, 0.045)
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    down = np.linspace(0.02, np.pi - 0.02, 8)[:, None]
    ball = np.stack([np.sin(down) * np.sin(turn), -np.sin(down) * np.cos(turn), np.cos(down) + 0 * turn], axis=-1)
    vertices = middle + size * np.array([1.1, 0.85, 0.95]) * ball
    faces = grid_faces(8, 12, closed=True)
    return one_material(vertices.reshape(-1, 3), faces, material, rigid("head", vertices.size // 3))


def _ponytail(body: Body, head: Scalp, person: Pedestrian, material: Material, rng: np.random.Generator) -> Mesh:
    """A tail that leaves the back of the head and hangs down behind."""
    root = head.pushed(np.array(rng.uniform(55, 95) if person.hat is None else 110.0), np.array(180.0), 0.0)
    length = head.scale * rng.uniform(0.20, 0.38)
    along = np.linspace(0, 1, 11)
    out = head.scale * 0.05 * (1 - np.exp(-along * 8))
    path = root + np.stack([0 * along, out, -length * along * np.minimum(6 * along, 1)], axis=1)
    radii = head.scale * 0.027 * np.interp(along, [0, 0.08, 0.25, 0.7, 1], [0.5, 0.75, 1.0, 0.85, 0.25])
    path = _outside(body, path, np.where(along < 0.3, 0.0, 0.03 + radii))
    path[3:-1] = (path[2:-2] + 2 * path[3:-1] + path[4:]) / 4
    vertices, faces = tube(path, radii, sides=10)
    return one_material(vertices, faces, material, _hanging(body, head, vertices, share=0.6))


def _outside(body: Body, points: Floats, margin: Floats, *, rounds: int = 3) -> Floats:
    """Returns points (N, 3) moved backwards and outwards until they are ``margin`` off the skin."""
    low = float(points[:, 2].min()) - 0.1
    skin = np.flatnonzero((body.vertices[:, 2] > low) & (np.abs(body.vertices[:, 0]) < 0.3))
    tree = cKDTree(body.vertices[skin])
    for _ in range(rounds):
        _, near = tree.query(points)
        normal = body.normals[skin[near]].astype(np.float64)
        normal[:, 2] = np.maximum(normal[:, 2], 0)
        depth = margin - ((points - body.vertices[skin[near]]) * normal).sum(axis=1)
        points = points + np.maximum(depth, 0)[:, None] * normal
    return points


def _hanging(body: Body, head: Scalp, vertices: Floats, *, share: float) -> Binding:
    """Binding of what hangs from the head: the lower, the more it goes with the trunk instead (up to ``share``)."""
    below = (head.centre[2] - vertices[:, 2]) / head.scale
    return blend(
        rigid("head", len(vertices)),
        follow_torso(body, vertices),
        share * np.clip((below - 0.04) / 0.16, 0, 1),
    )


def _curtain(body: Body, head: Scalp, person: Pedestrian, material: Material, rng: np.random.Generator) -> Mesh:
    """Hair that hangs down beside the face and behind: to the jaw (bob) or over the shoulders (long)."""
    azimuth = np.arange(_COLUMNS) * 360.0 / _COLUMNS
    front = _mirrored(azimuth)
    edge = rng.uniform(50, 60)
    hangs = np.clip((front - edge) / 10, 0, 1)  # (C,) 0 over the forehead, 1 where hair hangs
    fringe = person.hat is None and rng.random() < 0.4
    line = np.interp(front, _LINE_AZIMUTH, _LINE_POLAR) + _waves(rng, azimuth, 0.8)
    line += (rng.uniform(18, 25) if fringe else 0.0) * np.clip((60 - front) / 15, 0, 1)
    line = line * (1 - hangs) + 84 * hangs
    top = rng.uniform(0.012, 0.022)
    full = rng.uniform(0.012, 0.022)
    polar = _ROWS[:, None] * line
    down = np.sin(np.radians(np.minimum(polar, 90)))
    thickness = top * (1 - down) + full * down + _waves(rng, azimuth, 0.0015) * down
    # A parting in the middle of the top.
    thickness -= 0.006 * np.exp(-((np.sin(np.radians(azimuth)) * polar / 9) ** 2)) * (front < 90) * (not fringe)
    taper = np.clip((line - polar) / 12, 0, 1) ** (0.35 if fringe else 0.6)
    thickness = np.maximum(_under_hat(person, thickness), 0.004) * (taper * (1 - hangs) + hangs)
    thickness = np.where((_ROWS == 1)[:, None], thickness * hangs - 0.004 * (1 - hangs), thickness)
    grid = np.broadcast_to(azimuth, polar.shape)
    shell = _on_head(head.pushed(polar, grid, thickness), polar, azimuth, material)
    rim = shell.vertices[-_COLUMNS:].astype(np.float64)
    # From the left edge of the face around the back to the right one.
    columns = np.flatnonzero(hangs > 0)
    return join([shell, _fall(body, head, person, rim[columns], front[columns], material, rng)])


def _fall(
    body: Body,
    head: Scalp,
    person: Pedestrian,
    rim: Floats,
    front: Floats,
    material: Material,
    rng: np.random.Generator,
) -> Mesh:
    """The hanging part, from the shell's rim (C, 3) down, with its inner side."""
    long = person.hair == "long"
    scale = head.scale
    shoulder = float(body.joints[[2, 5], 2].mean())
    jaw = float(head.centre[2] - 0.125 * scale)
    if long:
        end = shoulder - scale * rng.uniform(0.06, 0.2)
    else:
        end = max(jaw + scale * rng.uniform(-0.025, 0.03), shoulder + 0.05 * scale)
    before = long and rng.random() < 0.5  # the foremost strands fall over the chest
    ends = end + (scale * 0.03 * np.cos(np.radians(front)) if not long else 0.0) + _waves(rng, front, 0.006)
    if long and not before:
        ends = np.maximum(ends, end + (shoulder + 0.05 - end) * np.clip((105 - front) / 30, 0, 1))
    rows = 12 if long else 7
    along = np.linspace(0, 1, rows)[1:, None]
    z = rim[:, 2] * (1 - along) + ends * along  # (R, C)
    below = (rim[:, 2] - z) / scale
    if long:
        # Over the neck the hair draws together, over the back it lies in an arc.
        forwards = np.clip((95 - front) / 25, 0, 1)
        narrow = 1 - 0.18 * np.clip(below / 0.14, 0, 1) * (1 - 0.8 * forwards)
        x = rim[:, 0] * narrow
        back = 0.02 * np.clip(below / 0.12, 0, 1) * (1 - forwards)
        y = rim[:, 1] + scale * (back - (0.02 if before else -0.05) * forwards * np.clip(below / 0.12, 0, 1))
    else:
        bulge = 1 + 0.06 * np.sin(np.pi * np.clip(below / 0.1, 0, 1)) - 0.08 * np.clip((below - 0.06) / 0.06, 0, 1)
        x, y = rim[:, 0] * bulge, head.centre[1] + (rim[:, 1] - head.centre[1]) * bulge
    outer = np.stack(np.broadcast_arrays(x, y, z), axis=-1)
    # The inner side, so that the edges look thick: less wide, seen from below and from in front.
    inner = outer[::-1].copy()
    inner[..., :2] = head.centre[:2] + (inner[..., :2] - head.centre[:2]) * 0.86
    inner[..., 2] += 0.004
    low = z < shoulder + 0.05
    margins = np.stack([np.where(low, 0.03, 0.012 * scale), np.where(low, 0.012, 0.004)[::-1]])
    points = np.stack([outer, inner])
    outer, inner = _outside(body, points.reshape(-1, 3), margins.ravel()).reshape(points.shape)
    for _ in range(2):
        outer[1:-1] = (outer[:-2] + 2 * outer[1:-1] + outer[2:]) / 4
        outer[:, 1:-1] = (outer[:, :-2] + 2 * outer[:, 1:-1] + outer[:, 2:]) / 4
    outer = _outside(body, outer.reshape(-1, 3), 0.7 * margins[0].ravel(), rounds=2).reshape(outer.shape)
    sheet = np.concatenate([rim[None], outer, inner])  # (1 + 2R, C, 3)
    vertices = sheet.reshape(-1, 3)
    faces = grid_faces(len(sheet), len(rim), closed=False)
    return one_material(vertices, faces, material, _hanging(body, head, vertices, share=1.0))
