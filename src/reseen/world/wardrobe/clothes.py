"""What people wear: skin, upper and lower garment, collars and hoods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import Body
from reseen.world.bodies.landmarks import Floats, Landmarks
from reseen.world.optics.mesh import Colour, Material, Mesh
from reseen.world.people.pedestrian import Pedestrian
from reseen.world.wardrobe.tailoring import drape_legs, drape_torso, grid_faces, shell, tube

_COVERED = 0.035
"""Metres inside a garment's hem from where on skin is left out."""


def dress(body: Body, person: Pedestrian) -> list[Mesh]:
    """Returns the person's skin and clothes without shoes and what is carried.

    Args:
        body: Their body in rest pose.
        person: What they wear.
    """
    marks = Landmarks(body)
    lower, lower_inside = _lower(marks, person)
    upper, upper_inside = _upper(marks, person, np.concatenate([mesh.vertices for mesh in lower]))
    covered = np.maximum(lower_inside, upper_inside)
    return [_skin(marks, person, covered), *lower, *upper]


def cloth_thickness(person: Pedestrian) -> float:
    """Returns how far the upper garment stands off the chest in metres."""
    return {"shirt": 0.008, "blouse": 0.013, "hoodie": 0.02, "jacket": 0.022, "coat": 0.026}[
        person.upper_kind
    ] + 0.008 * person.looseness


def _upper(marks: Landmarks, person: Pedestrian, below: Floats) -> tuple[list[Mesh], Floats]:
    """A shell down to the waist and from there a tube over what is worn ``below`` (V, 3), which legs do not tear."""
    body, scale = marks.body, marks.scale
    vertices, arm = body.vertices, marks.arm
    thick = cloth_thickness(person)
    is_arm = marks.groups["arms"] > 0.5
    hem = marks.waist - person.hem * scale
    neck = body.head("neck01")
    # The neckline lies lower in front; hoods and coats close higher.
    drop = {"shirt": 0.055, "blouse": 0.075, "hoodie": 0.03, "jacket": 0.03, "coat": 0.02}[person.upper_kind] * scale
    front = np.clip((neck[1] - vertices[:, 1]) / (0.08 * scale), 0, 1)
    near = np.exp(-((vertices[:, 0] / (0.09 * scale)) ** 2))
    neckline = neck[2] + 0.05 * scale - drop * front * near * 1.6
    above = np.minimum(vertices[:, 2] - hem, (neckline - vertices[:, 2]))
    length = float(np.linalg.norm(body.head("wrist.L") - body.head("upperarm01.L")))
    sleeve = (max(person.sleeve, 0.02) - arm) * length
    inside = np.where(is_arm, np.where(arm > 0.02, sleeve, np.minimum(sleeve, above)), above).astype(np.float32)
    inside[marks.groups["head"] > 0.6] = -1
    covered = inside.copy()
    inside = np.where(is_arm, inside, np.minimum(inside, vertices[:, 2] - marks.waist + 0.02)).astype(np.float32)
    chosen = inside > -0.06
    flare = 1.0 if person.sleeve < 0.7 else 0.55
    offset = thick + np.where(is_arm, (0.004 + 0.018 * person.looseness * flare) * np.clip(arm * 2, 0, 1), 0)
    target = drape_torso(marks, slope=0.30 - 0.22 * person.looseness)
    material = Material(
        Part.UPPER,
        person.upper.colour,
        person.upper.pattern,
        person.upper.second,
        person.upper.scale,
        gloss=0.25 if person.upper_kind == "jacket" else 0.06,
        wrinkles=0.45 + 0.4 * person.looseness,
        opening=_opening(person) * scale,
        inner=person.inner,
        seed=person.seed,
    )
    meshes = [shell(marks, chosen, offset, inside, material, torso=target)]
    flare = 0.10 if person.upper_kind == "coat" else 0.05
    meshes.append(tube(marks, marks.waist + 0.045 * scale, hem, thick, flare, material, over=below))
    if person.upper_kind in ("hoodie", "jacket", "coat"):
        meshes.append(_collar(marks, person, material))
    return meshes, covered


def _opening(person: Pedestrian) -> float:
    """About half of all jackets and coats are worn open."""
    if person.upper_kind not in ("jacket", "coat"):
        return 0.0
    return float(np.random.default_rng([person.seed, 7]).choice([0.0, 0.035, 0.06], p=[0.5, 0.25, 0.25]))


def _lower(marks: Landmarks, person: Pedestrian) -> tuple[list[Mesh], Floats]:
    body, scale = marks.body, marks.scale
    vertices = body.vertices
    material = Material(
        Part.LOWER,
        person.lower.colour,
        person.lower.pattern,
        person.lower.second,
        person.lower.scale,
        gloss=0.05,
        wrinkles=0.35 + 0.4 * person.looseness,
        seed=person.seed + 1,
    )
    top = marks.waist + 0.03 * scale
    hip, ankle = body.head("upperleg01.L")[2], body.head("foot.L")[2]
    end = hip - person.lower_length * (hip - ankle) - (0.02 if person.lower_length > 0.9 else 0) * scale
    is_arm = marks.groups["arms"] > 0.3
    if person.lower_kind == "skirt":
        skirt = tube(marks, top, end, 0.012, 0.08 + 0.3 * person.looseness, material)
        inside = np.minimum(top - vertices[:, 2], vertices[:, 2] - (end + 0.25 * (hip - end)))
        return [skirt], np.where(is_arm, -1, inside).astype(np.float32)
    inside = np.minimum(top - vertices[:, 2], vertices[:, 2] - end).astype(np.float32)
    inside[is_arm | (marks.groups["feet"] > 0.95)] = -1
    chosen = inside > -0.06
    offset = np.full(len(vertices), 0.007 + 0.004 * person.looseness)
    target = drape_legs(marks, slope=0.16 - 0.15 * person.looseness, wide=person.looseness)
    return [shell(marks, chosen, offset, inside, material, legs=target)], inside


def _collar(marks: Landmarks, person: Pedestrian, material: Material) -> Mesh:
    """A ring round the neck: a jacket's collar, or the lump of a hood that hangs on the back."""
    body, scale = marks.body, marks.scale
    neck = body.head("neck01")
    around, across = 28, 10
    turn = np.linspace(0, 2 * np.pi, around, endpoint=False)
    back = (1 + np.sin(turn)) / 2  # 1 behind, 0 in front
    hood = person.upper_kind == "hoodie"
    thick = (0.017 + (0.038 if hood else 0.006) * back**2) * scale
    radius = np.array([0.088, 0.082]) * scale
    centre = np.column_stack([radius[0] * np.cos(turn), radius[1] * np.sin(turn) + neck[1] + 0.012 * scale])
    drop = (-0.012 - 0.045 * (1 - back) - (0.03 if hood else 0) * back**2 + 0.028) * scale
    rim = np.linspace(0, 2 * np.pi, across, endpoint=False)
    outwards = np.column_stack([np.cos(turn), np.sin(turn)])
    rings = [
        np.column_stack(
            [centre + outwards * (thick * np.cos(angle))[:, None], neck[2] + drop + 1.3 * thick * np.sin(angle)]
        )
        for angle in -rim
    ]
    vertices = np.concatenate([*rings, rings[0]]).astype(np.float32)
    index = body.skeleton.index
    bones = np.tile(np.array([index["spine01"], index["neck01"], 0, 0], np.int32), (len(vertices), 1))
    weights = np.tile(np.array([0.7, 0.3, 0, 0], np.float32), (len(vertices), 1))
    faces = grid_faces(across + 1, around)
    own = replace(material, opening=0.0, pattern="plain", wrinkles=0.3)
    return Mesh(vertices, faces, (own,), np.zeros(len(faces), np.int32), bones, weights)


def _skin(marks: Landmarks, person: Pedestrian, covered: Floats) -> Mesh:
    """The body's surface where no cloth hides it, with brows, eyes and lips."""
    body, skeleton = marks.body, marks.body.skeleton
    bare = ~(covered > _COVERED)[skeleton.faces].all(axis=1)
    faces = skeleton.faces[bare]
    middle = body.vertices[faces].mean(axis=1)
    groups = np.stack([marks.groups[name][faces].mean(axis=1) for name in ("arms", "legs")], axis=1)
    index = np.where(groups[:, 0] > 0.5, 1, np.where(groups[:, 1] > 0.4, 2, 0))
    scale = float(np.linalg.norm(body.joints[16] - body.joints[17])) / 0.15  # width of the head
    left, nose = body.joints[15], body.joints[0]
    side = np.abs(np.abs(middle[:, 0]) - left[0]) / scale
    up, front = (middle[:, 2] - left[2]) / scale, middle[:, 1] < left[1] + 0.03 * scale
    index[front & (np.hypot(side / 0.016, up / 0.008) < 1)] = 3
    index[front & (side < 0.021) & (up > 0.011) & (up < 0.020)] = 4
    mouth = np.hypot(middle[:, 0] / (0.024 * scale), (middle[:, 2] - nose[2] + 0.040 * scale) / (0.009 * scale))
    index[front & (mouth < 1)] = 5
    lips = (person.skin[0] * 0.95, person.skin[1] * 0.7, person.skin[2] * 0.7)
    brow: Colour = tuple(0.35 * h + 0.5 * s for h, s in zip(person.hair_colour, person.skin, strict=True))  # type: ignore[assignment]
    skin = Material(Part.FACE, person.skin, gloss=0.12)
    materials = (
        skin,
        replace(skin, part=Part.ARMS),
        replace(skin, part=Part.LEGS),
        replace(skin, colour=(0.12, 0.09, 0.08), gloss=0.5),
        replace(skin, colour=brow),
        replace(skin, colour=lips),
    )
    return Mesh(body.vertices, faces, materials, index.astype(np.int32), skeleton.bones, skeleton.weights, None)
