"""Hats and dark glasses; both sit on the head's bone."""

from __future__ import annotations

import numpy as np

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import JOINT_NAMES, Body
from reseen.world.optics.mesh import Material, Mesh, join
from reseen.world.people.pedestrian import Pedestrian
from reseen.world.wardrobe.hair import UNDER_HAT
from reseen.world.wardrobe.scalp import Scalp, scalp
from reseen.world.wardrobe.shapes import Floats, grid_faces, one_material, rigid, shade, tube

_COLUMNS = 48
_AZIMUTH = np.arange(_COLUMNS) * 360.0 / _COLUMNS
_FRONT = np.abs((_AZIMUTH + 180) % 360 - 180)
# Polar angle of the edge over the forehead, the ear and the nape, and how far cloth stands off hair at crown and edge.
_EDGES = {"cap": (66, 78, 96), "beanie": (64, 88, 108), "sun": (66, 78, 92)}
_ROOM = {"cap": (0.016, 0.004), "beanie": (0.018, 0.007), "sun": (0.024, 0.004)}


def hat(body: Body, person: Pedestrian) -> Mesh:
    """Returns the hat in rest pose, over the hair; the person must wear one."""
    assert person.hat is not None
    head = scalp(body)
    rng = np.random.default_rng([person.seed, 23])
    cloth = Material(
        Part.HAT,
        person.hat_colour,
        gloss=0.1,
        wrinkles=0.25 if person.hat == "beanie" else 0.05,
        seed=person.seed,
    )
    polar, thickness = _dome(person.hat, rng)
    shell = head.pushed(polar, np.broadcast_to(_AZIMUTH, polar.shape), thickness, ears=person.hat == "beanie")
    if person.hat == "beanie":
        return _on_head(shell, cloth)
    edge = shell[-2]
    # The shell's last row turns inwards to the skin, so that nothing is seen between head and hat.
    dome = _on_head(shell, cloth)
    if person.hat == "cap":
        return join([dome, _peak(head, edge, person, rng)])
    return join([dome, _brim(head, edge, person, rng)])


def _dome(kind: str, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Polar angles and thickness (R, 48) of the part over the hair; the last row lies under the skin."""
    front, ear, nape = _EDGES[kind]
    shift = rng.uniform(-3, 3)
    line = np.interp(_FRONT, [0, 40, 85, 130, 180], [front, front + 2, ear, nape - 3, nape]) + shift
    at = np.array([0, 0.12, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0])
    crown, low = _ROOM[kind]
    room = low + (crown - low) * np.cos(np.radians(np.minimum(at * 85, 90))) ** 0.8
    if kind == "beanie":  # a turned-up edge
        at = np.array([0, 0.12, 0.25, 0.4, 0.55, 0.68, 0.72, 0.86, 1.0])
        room = np.array([0.020, 0.019, 0.017, 0.015, 0.011, 0.007, 0.012, 0.013, 0.012]) + rng.uniform(0, 0.004)
    polar = np.concatenate([at[:, None] * line, line[None]])
    thickness = np.concatenate([room + UNDER_HAT, [-0.006]])
    return polar, np.broadcast_to(thickness[:, None], polar.shape).copy()


def _on_head(rows: Floats, material: Material) -> Mesh:
    vertices = rows.reshape(-1, 3)
    faces = grid_faces(len(rows), rows.shape[1], closed=rows.shape[1] == _COLUMNS)
    return one_material(vertices, faces, material, rigid("head", len(vertices)))


def _peak(head: Scalp, edge: Floats, person: Pedestrian, rng: np.random.Generator) -> Mesh:
    """A cap's peak: over the forehead, at times turned to the back."""
    backwards = rng.random() < 0.1
    reach = 0.072 * head.scale
    columns = (np.arange(-9, 10) + (_COLUMNS // 2 if backwards else 0)) % _COLUMNS
    base = edge[columns]  # (19, 3)
    sign = 1.0 if backwards else -1.0
    across = np.linspace(-1, 1, len(columns))
    out = np.sqrt(np.maximum(1 - across**4, 0))
    inset = np.array([0, sign * -0.008 * head.scale, 0.003])
    share = np.linspace(0, 1, 5)[:, None, None]
    droop = 0.24 * reach + 0.012 * head.scale * across**2
    tip = np.stack([-base[:, 0] * 0.08, sign * reach * out, -droop * out], axis=-1)
    upper = base + inset + share * tip
    lower = upper[::-1] - [0, 0, 0.004]
    material = Material(Part.HAT, shade(person.hat_colour, float(rng.uniform(0.6, 1.1))), seed=person.seed)
    return _on_head(np.concatenate([upper, lower]), material)


def _brim(head: Scalp, edge: Floats, person: Pedestrian, rng: np.random.Generator) -> Mesh:
    """A sun hat's brim all around."""
    width = head.scale * rng.uniform(0.055, 0.085)
    away = edge - head.centre
    away[:, 2] = 0
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    share = np.linspace(0, 1, 5)[:, None, None]
    wave = 0.12 * np.cos(2 * np.radians(_AZIMUTH) + rng.uniform(0, 6))
    drop = width * (0.35 + wave)
    start = edge - 0.004 * away
    upper = start + share * width * away - share**1.5 * drop[:, None] * [0, 0, 1]
    lower = upper[::-1] - [0, 0, 0.004]
    return _on_head(np.concatenate([upper, lower]), Material(Part.HAT, person.hat_colour, seed=person.seed))


def glasses(body: Body, person: Pedestrian) -> Mesh:
    """Returns dark glasses in rest pose."""
    left_eye, right_eye, left_ear = (
        body.joints[JOINT_NAMES.index(name)].astype(np.float64) for name in ("left_eye", "right_eye", "left_ear")
    )
    size = float(left_eye[0] - right_eye[0]) / 0.066
    rng = np.random.default_rng([person.seed, 29])
    high, wide = size * rng.uniform(0.036, 0.046), size * 0.064
    middle = (left_eye + right_eye) / 2
    hinge = wide + 0.004 * size
    # The front: wide over the eyes, narrow over the nose, bent around the face.
    x = np.linspace(-1, 1, 17)
    half = 0.5 * high * np.interp(np.abs(x), [0, 0.07, 0.16, 0.5, 0.9, 1], [0.22, 0.25, 0.85, 1, 0.8, 0.45])
    rise = high * np.interp(np.abs(x), [0, 0.16, 1], [0.2, 0.0, 0.08])
    bend = size * (-0.016 + 0.03 * np.abs(x) ** 3)
    rows = [
        np.stack([x * hinge, middle[1] + bend + back, middle[2] + rise + side * half], axis=1)
        for side, back in ((1, 0.004), (1, 0.0), (-1, 0.0), (-1, 0.004))
    ]
    front = np.stack([*rows, rows[0]])
    dark = Material(Part.FACE, (0.03, 0.03, 0.035), gloss=0.8, seed=person.seed)
    meshes = [_on_head(front, dark)]
    for side in (1.0, -1.0):
        start = np.array([side * hinge, middle[1] + bend[-1], middle[2] + rise[-1]])
        ear = np.array([side * (left_ear[0] + 0.002), left_ear[1] - 0.012 * size, left_ear[2] + 0.028 * size])
        outward = np.array([side * 0.006 * size, 0, 0])
        path = np.stack([start, start * 0.5 + ear * 0.5 + outward, ear])
        vertices, faces = tube(path, np.full(3, 0.0028 * size), sides=5)
        meshes.append(one_material(vertices, faces, dark, rigid("head", len(vertices))))
    return join(meshes)
