"""What a rendered person is made of: triangle meshes in rest pose, bound to the bones of the body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reseen.data.sets.rendered.labels import Part

Colour = tuple[float, float, float]
"""sRGB, each 0 to 1."""

PatternKind = Literal["plain", "stripes", "pinstripes", "checks", "logo", "print", "block", "gradient"]


@dataclass(frozen=True, slots=True)
class Material:
    """How a surface looks.

    Attributes:
        part: Its class in the mask.
        colour: Main colour.
        pattern: ``stripes`` (across the body), ``pinstripes`` (along it), ``checks``, ``logo`` (a patch on the
            chest), ``print`` (blotches all over), ``block`` (another colour above the chest), ``gradient``.
        second: The pattern's other colour.
        scale: Size of the pattern's period in metres.
        gloss: Strength of the highlight, 0 (wool) to 1 (leather).
        wrinkles: Strength of folds in the normal, 0 (skin) to 1 (loose cloth).
        opening: Half the width in metres of an opening down the front that shows ``inner``; 0 is closed.
        inner: Colour of what is seen in the opening.
        seed: Seed of the pattern's and the folds' noise.
    """

    part: Part
    colour: Colour
    pattern: PatternKind = "plain"
    second: Colour = (0.5, 0.5, 0.5)
    scale: float = 0.1
    gloss: float = 0.1
    wrinkles: float = 0.0
    opening: float = 0.0
    inner: Colour = (0.8, 0.8, 0.8)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles in rest pose that follow the bones.

    Attributes:
        vertices: (V, 3) float32, metres, in the body's rest pose.
        faces: (F, 3) int32, counter-clockwise seen from outside; every face is drawn from both sides.
        materials: What the faces are made of.
        face_material: (F,) int32 index into ``materials``.
        bones: (V, 4) int32 index of the bones a vertex follows.
        weights: (V, 4) float32 weight of each, rows sum to 1.
        inside: (V,) float32, or None: where its interpolated value is negative the surface is cut away, which gives
            garments clean hems between the body's vertices.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    materials: tuple[Material, ...]
    face_material: NDArray[np.int32]
    bones: NDArray[np.int32]
    weights: NDArray[np.float32]
    inside: NDArray[np.float32] | None = None


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Returns all meshes as one."""
    vertex_offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    material_offsets = np.cumsum([0, *(len(mesh.materials) for mesh in meshes)])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + np.int32(o) for mesh, o in zip(meshes, vertex_offsets[:-1], strict=True)]),
        tuple(material for mesh in meshes for material in mesh.materials),
        np.concatenate([m.face_material + np.int32(o) for m, o in zip(meshes, material_offsets[:-1], strict=True)]),
        np.concatenate([mesh.bones for mesh in meshes]),
        np.concatenate([mesh.weights for mesh in meshes]),
        np.concatenate([np.ones(len(m.vertices), np.float32) if m.inside is None else m.inside for m in meshes]),
    )
