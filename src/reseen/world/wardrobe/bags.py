"""Backpacks, bags on a strap and bags carried in the hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import Body
from reseen.world.optics.mesh import Material, Mesh, join
from reseen.world.people.pedestrian import Pedestrian
from reseen.world.wardrobe.shapes import (
    Binding,
    Floats,
    blend,
    follow_torso,
    grid_faces,
    hip_edges,
    hull_loop,
    one_material,
    rigid,
    rounded_box,
    section,
    shade,
    torso_edges,
    tube,
)

_PRESSED = 0.015
"""Metres a backpack sinks into the clothes on a grown person's back."""


def _size(body: Body) -> float:
    """How large a bag this body carries, against a grown person's."""
    return float(np.clip(body.height / 1.72, 0.62, 1.1))


def backpack(body: Body, person: Pedestrian, cloth: float = 0.025) -> Mesh:
    """Returns the backpack in rest pose with its two straps.

    Args:
        body: The body.
        person: Whose backpack, with a colour for it.
        cloth: How far clothes stand off the trunk in metres.
    """
    assert person.backpack is not None
    rng = np.random.default_rng([person.seed, 37])
    size = _size(body)
    half = size * np.array([rng.uniform(0.13, 0.16), rng.uniform(0.06, 0.085), rng.uniform(0.19, 0.23)])
    top = float(body.joints[[2, 5], 2].mean()) + 0.005 * size
    clothed = _clothed(body, cloth)
    middle = section(clothed, torso_edges(), np.zeros(3), np.array([1.0, 0, 0]))
    behind = section(clothed, torso_edges(), np.array([half[0] * 0.6, 0, 0]), np.array([1.0, 0, 0]))
    back = np.concatenate([middle, behind])
    upper = back[(back[:, 2] < top) & (back[:, 2] > top - half[2]), 1].max()
    lower = back[(back[:, 2] < top - half[2]) & (back[:, 2] > top - 2 * half[2]), 1].max()
    lean = np.arctan2(np.clip(upper - lower, -0.02, 0.06) * 0.7, half[2])
    tilt = np.array([[1, 0, 0], [0, np.cos(lean), np.sin(lean)], [0, -np.sin(lean), np.cos(lean)]])
    centre = np.array([0, max(upper, (upper + lower) / 2 + 0.02) + half[1], top - half[2]])
    main = Material(Part.BACKPACK, person.backpack, gloss=0.15, wrinkles=0.35, seed=person.seed)
    tone = Material(Part.BACKPACK, shade(person.backpack, float(rng.uniform(0.5, 1.35))), gloss=0.15, seed=person.seed)
    pieces: list[Mesh] = []
    pocket = half * [0.78, 0.3, rng.uniform(0.34, 0.5)]
    for box, place, material in (
        (half, np.zeros(3), main),
        (pocket, np.array([0, half[1], -half[2] + pocket[2] + 0.02 * size]), tone),
    ):
        vertices, faces = rounded_box(box, 0.05 * size)
        # Narrower towards the top, as if the lower part were full.
        taper = 1 - 0.12 * np.clip(vertices[:, 2:] / half[2], 0, 1) ** 2
        shaped = (vertices * np.concatenate([taper, taper, np.ones_like(taper)], axis=1) + place) @ tilt.T + centre
        if not pieces:
            move = np.array([0, -_gap(shaped, back) - _PRESSED * size, 0])
            shaped, centre = shaped + move, centre + move
        pieces.append(one_material(shaped, faces, material, rigid("spine02", len(vertices))))
    return join([*pieces, *(_pack_strap(body, clothed, sign, size, tone) for sign in (1.0, -1.0))])


def _gap(box: Floats, back: Floats) -> float:
    """Returns how far a box (V, 3) could move forward until it touched the back's points (N, 3)."""
    front = box[(box[:, 1] < box[:, 1].mean()) & (np.abs(box[:, 0]) < 0.5 * np.abs(box[:, 0]).max())]
    front = front[np.argsort(front[:, 2])]
    near = back[(back[:, 2] > front[0, 2]) & (back[:, 2] < front[-1, 2])]
    return float((np.interp(near[:, 2], front[:, 2], front[:, 1]) - near[:, 1]).min())


def _pack_strap(body: Body, clothed: NDArray[np.float32], sign: float, size: float, material: Material) -> Mesh:
    """A loop over a shoulder, down the chest and back below the arm: a plane's cut through the side of the trunk."""
    over = _shoulder(body, clothed, sign * 0.58)
    # The plane meets the trunk's side two hands below the arm pit.
    low = over[2] - 0.34 * size
    side = section(clothed, torso_edges(), np.array([0, 0, low]), np.array([0, 0, 1.0]))
    out = max(float(np.abs(side[:, 0]).max()), 0.8 * float(body.joints[5, 0])) + 0.012
    slope = (out - abs(over[0])) / (over[2] - low)
    normal = np.array([sign, 0, slope]) / np.hypot(1, slope)
    band = _band(body, clothed, over, normal, 0.022 * size, material, above=low)
    # Around the side it lies flat on the trunk.
    least = out * np.clip((low + 0.06 * size - band.vertices[:, 2]) / (0.05 * size), 0, 1)
    vertices = band.vertices.copy()
    vertices[:, 0] = sign * np.maximum(np.abs(vertices[:, 0]), least)
    return replace(band, vertices=vertices)


def _shoulder(body: Body, clothed: NDArray[np.float32], share: float) -> Floats:
    """The top of a shoulder, ``share`` of the way from the neck (0) to the left (1) or right (-1) shoulder's joint."""
    x = share * float(body.joints[5, 0])
    cut = section(clothed, torso_edges(), np.array([x, 0, 0]), np.array([1.0, 0, 0]))
    top: Floats = cut[cut[:, 2].argmax()]
    return top


def _clothed(body: Body, cloth: float) -> NDArray[np.float32]:
    """The skin's vertices (V, 3) moved outwards by the clothes' thickness in metres."""
    return body.vertices + np.float32(cloth) * body.normals


def _band(
    body: Body,
    clothed: NDArray[np.float32],
    point: Floats,
    normal: Floats,
    half_width: float,
    material: Material,
    *,
    above: float,
    through: Floats | None = None,
    count: int = 26,
) -> Mesh:
    """A closed band that lies around the trunk in a plane, tight as cloth under tension is: along the convex hull.

    Args:
        body: The body.
        clothed: Its vertices (V, 3) with clothes.
        point: A point (3,) of the plane.
        normal: Its unit normal (3,).
        half_width: Half the band's width in metres.
        material: What it is made of.
        above: Height below which the trunk is left out.
        through: More points (N, 3) of the plane that the band encloses.
        count: Points along the band.
    """
    # Loops begin at the point that is first along the first axis: the top, at both of the band's edges.
    first = np.array([0.0, 0.0, -1.0])
    first -= normal * (normal @ first)
    first /= np.linalg.norm(first)
    plane = np.stack([first, np.cross(normal, first)])
    rows = []
    for side in (1.0, -1.0):
        edge = point + side * half_width * normal
        cut = section(clothed, torso_edges(), edge, normal)
        cut = cut[cut[:, 2] > above]
        if through is not None:
            cut = np.concatenate([cut, through])
        loop = hull_loop((cut - edge) @ plane.T, 0.012, count)
        middle = loop.mean(axis=0)
        inner = middle + (loop - middle) * (1 - 0.005 / np.linalg.norm(loop - middle, axis=1, keepdims=True))
        # Its edges bend towards the body, so that it looks thick from the side.
        pair = [inner @ plane + edge, loop @ plane + edge]
        rows += pair if side > 0 else pair[::-1]
    vertices = np.concatenate(rows)
    faces = grid_faces(len(rows), count, closed=True)
    return one_material(vertices, faces, material, follow_torso(body, vertices))


def shoulder_bag(body: Body, person: Pedestrian, cloth: float = 0.025) -> Mesh:
    """Returns the bag on a strap in rest pose.

    Args:
        body: The body.
        person: Whose bag, with a colour for it.
        cloth: How far clothes stand off the trunk in metres.
    """
    assert person.bag is not None
    rng = np.random.default_rng([person.seed, 41])
    size = _size(body)
    side = 1.0 if rng.random() < 0.5 else -1.0
    across = rng.random() < 0.55
    half = size * np.array([rng.uniform(0.035, 0.055), rng.uniform(0.12, 0.17), rng.uniform(0.09, 0.14)])
    hip = float(body.heads[0, 2])
    top = hip + size * rng.uniform(-0.02, 0.1)
    clothed = _clothed(body, cloth)
    levels = [
        section(clothed, hip_edges(), np.array([0, 0, z]), np.array([0, 0, 1.0])) for z in (top, hip, top - 2 * half[2])
    ]
    cut = levels[0]
    out = max(float(np.abs(level[:, 0]).max()) for level in levels)
    middle = float(cut[:, 1].min() + cut[:, 1].max()) / 2 + size * rng.uniform(-0.03, 0.05)
    centre = np.array([side * (out + half[0]), middle, top - half[2]])
    leather = rng.random() < 0.5
    material = Material(
        Part.BAG, person.bag, gloss=0.45 if leather else 0.1, wrinkles=0.15 if leather else 0.3, seed=person.seed
    )
    dark = Material(Part.BAG, shade(person.bag, float(rng.uniform(0.5, 1.0))), gloss=0.2, seed=person.seed)
    vertices, faces = rounded_box(half, 0.03 * size)
    bag = [one_material(vertices + centre, faces, material, rigid("root", len(vertices)))]
    if rng.random() < 0.6:  # a flap over the upper half
        flap, faces = rounded_box(half * [1.08, 1.03, 0.55], 0.03 * size)
        place = centre + np.array([0, 0, half[2] * 0.5])
        bag.append(one_material(flap + place, faces, dark, rigid("root", len(flap))))
    return join([*bag, _bag_strap(body, clothed, centre, half, -side if across else side, size, dark)])


def _bag_strap(
    body: Body,
    clothed: NDArray[np.float32],
    centre: Floats,
    half: Floats,
    shoulder: float,
    size: float,
    material: Material,
) -> Mesh:
    """The strap from the bag's upper ends over a shoulder (1 left, -1 right)."""
    over = _shoulder(body, clothed, shoulder * 0.65)
    # Its ends stand at the bag's sides, within the bag.
    inset = np.array([0.0, 0.0, half[2] * 0.8])
    ends = centre + inset + np.array([[0, -0.9, 0], [0, 0.9, 0]]) * half[1]
    along = over - ends.mean(axis=0)
    normal = np.cross([0.0, 1.0, 0.0], along)
    normal /= np.linalg.norm(normal)
    band = _band(body, clothed, over, normal, 0.016 * size, material, above=float(ends[0, 2]) - 0.02, through=ends)
    # Near the bag the strap goes with the bag.
    height = (band.vertices[:, 2] - ends[0, 2]) / (0.25 * size)
    binding: Binding = blend((band.bones, band.weights), rigid("root", len(band.vertices)), np.clip(1 - height, 0, 1))
    return Mesh(band.vertices, band.faces, band.materials, band.face_material, *binding)


def handbag(body: Body, person: Pedestrian, side: Literal["L", "R"], down: NDArray[Any]) -> Mesh:
    """Returns the bag held in a hand, bound to the wrist.

    Args:
        body: The body in rest pose.
        person: Whose bag, with a colour for it.
        side: The hand that carries it.
        down: Unit vector (3,) along the rest pose's axes that will point to the ground in the pose: the transposed
            rotation of the wrist's bone times (0, 0, -1).
    """
    assert person.handbag is not None
    rng = np.random.default_rng([person.seed, 43])
    size = _size(body)
    kind = ("tote", "plastic", "briefcase")[int(rng.choice(3, p=[0.45, 0.35, 0.2]))]
    width, high, deep = {"tote": (0.32, 0.28, 0.10), "plastic": (0.28, 0.32, 0.14), "briefcase": (0.38, 0.28, 0.08)}[
        kind
    ]
    half = size * rng.uniform(0.85, 1.05) * np.array([width, deep, high]) / 2
    handle = size * {"tote": rng.uniform(0.10, 0.16), "plastic": 0.10, "briefcase": 0.05}[kind]
    grip, row = _grip(body, side)
    up = -np.asarray(down, np.float64) / np.linalg.norm(down)
    wide = row - up * (up @ row)
    wide /= np.linalg.norm(wide)
    frame = np.stack([wide, np.cross(up, wide), up])  # rows: the bag's x, y, z
    box, faces = rounded_box(half, size * (0.045 if kind == "plastic" else 0.02))
    level = (box[:, 2] / half[2] + 1) / 2  # 0 at the bottom
    pinch = {"tote": (0.0, 0.35), "plastic": (0.22, 0.75), "briefcase": (0.0, 0.1)}[kind]
    box[:, 0] *= 1 - pinch[0] * level**2
    box[:, 1] *= 1 - pinch[1] * np.maximum(level, 0) ** 1.5
    box[:, 2] -= half[2] + handle
    gloss = {"tote": 0.25, "plastic": 0.5, "briefcase": 0.5}[kind]
    folds = {"tote": 0.2, "plastic": 0.7, "briefcase": 0.05}[kind]
    material = Material(Part.HANDBAG, person.handbag, gloss=gloss, wrinkles=folds, seed=person.seed)
    dark = Material(Part.HANDBAG, shade(person.handbag, 1.0 if kind == "plastic" else 0.7), seed=person.seed)
    pieces = [one_material(box @ frame + grip, faces, material, rigid(f"wrist.{side}", len(box)))]
    reach = half[0] * (0.55 if kind != "briefcase" else 0.35)
    for front in (-1.0, 1.0):
        # From one end of the opening up into the hand and down to the other.
        x = np.array([-1.0, -0.85, -0.45, 0.0, 0.45, 0.85, 1.0])
        z = np.array([-1.15, -0.6, -0.06, 0.0, -0.06, -0.6, -1.15]) * handle
        y = front * half[1] * (1 - pinch[1]) * np.clip(-z / handle, 0, 1)
        path = np.stack([x * reach, y, z], axis=1) @ frame + grip
        vertices, loop = tube(path, np.full(len(path), 0.007 * size), sides=5)
        pieces.append(one_material(vertices, loop, dark, rigid(f"wrist.{side}", len(vertices))))
    return join(pieces)


def _grip(body: Body, side: str) -> tuple[Floats, Floats]:
    """Where a handle lies in the closed hand (3,), and the direction of the handle (3,): along the knuckles."""
    knuckles = np.stack([body.head(f"finger{finger}-1.{side}") for finger in (2, 3, 4, 5)]).astype(np.float64)
    second = np.stack([body.head(f"finger{finger}-2.{side}") for finger in (2, 3, 4, 5)]).astype(np.float64)
    row = knuckles[0] - knuckles[-1]
    row /= np.linalg.norm(row)
    finger = (second - knuckles).mean(axis=0)
    # The thumb's root lies on the palm's side.
    palm = body.head(f"finger1-2.{side}") - knuckles[0]
    palm -= row * (row @ palm) + finger * (finger @ palm) / (finger @ finger)
    palm /= np.linalg.norm(palm)
    reach = float(np.linalg.norm(finger))
    return knuckles.mean(axis=0) + 0.35 * finger + 0.75 * reach * palm, row
