"""Meshes are joined so that every face keeps its corners and its material."""

from __future__ import annotations

import numpy as np

from reseen.data.sets.rendered.labels import Part
from reseen.world.optics.mesh import Material, Mesh, join

SKIN, HAIR, HAT = (Material(part, (0.5, 0.5, 0.5)) for part in (Part.FACE, Part.HAIR, Part.HAT))


def triangle(height: float, *materials: Material, inside: bool = False) -> Mesh:
    """One triangle of the last of its materials."""
    return Mesh(
        np.array([[0, 0, height], [1, 0, height], [0, 1, height]], np.float32),
        np.array([[0, 1, 2]], np.int32),
        materials,
        np.array([len(materials) - 1], np.int32),
        np.full((3, 4), 7, np.int32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (3, 1)),
        np.full(3, -0.5, np.float32) if inside else None,
    )


def test_faces_of_joined_meshes_keep_their_corners_and_materials() -> None:
    whole = join([triangle(1.0, SKIN), triangle(2.0, HAIR, HAT)])
    assert whole.faces.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (whole.faces.dtype, whole.face_material.dtype) == (np.int32, np.int32)
    assert [whole.materials[number] for number in whole.face_material] == [SKIN, HAT]
    assert whole.vertices[whole.faces][:, :, 2].tolist() == [[1, 1, 1], [2, 2, 2]]


def test_a_mesh_that_is_not_cut_stays_whole_beside_one_that_is() -> None:
    cut = join([triangle(1.0, SKIN), triangle(2.0, HAIR, inside=True)]).inside
    assert cut is not None
    assert cut.tolist() == [1, 1, 1, -0.5, -0.5, -0.5]
