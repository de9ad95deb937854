"""Bodies and persons that the tests dress."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from reseen.world.bodies.body import Body, make_body, skeleton
from reseen.world.optics.mesh import Mesh
from reseen.world.people.pedestrian import Cloth, Pedestrian

PHENOTYPES: dict[str, dict[str, float]] = {
    "man": {"gender": 0, "age": 2 / 3, "height": 0.35},
    "woman": {"gender": 1, "age": 2 / 3},
    "child": {"gender": 0, "age": 1 / 3, "height": 0.3},
    "old and heavy": {"gender": 1, "age": 1, "weight": 0.95},
    "thin and tall": {"gender": 0, "age": 0.8, "weight": 0.05, "muscle": 0.1, "height": 0.6},
}


@lru_cache
def body(name: str) -> Body:
    return make_body(PHENOTYPES[name])


def person(**changes: Any) -> Pedestrian:
    values: dict[str, Any] = {
        "pid": 1,
        "attributes": {},
        "body": {},
        "skin": (0.8, 0.6, 0.5),
        "hair": "short",
        "hair_colour": (0.2, 0.13, 0.08),
        "upper": Cloth((0.5, 0.5, 0.5)),
        "upper_kind": "shirt",
        "inner": (1.0, 1.0, 1.0),
        "sleeve": 0.3,
        "hem": 0.1,
        "lower": Cloth((0.2, 0.2, 0.4)),
        "lower_kind": "trousers",
        "lower_length": 1.0,
        "looseness": 0.3,
        "shoes": (0.1, 0.1, 0.1),
        "shoe_kind": "trainers",
        "hat": None,
        "hat_colour": (0.6, 0.1, 0.1),
        "backpack": None,
        "bag": None,
        "handbag": None,
        "glasses": False,
        "stride": 1.0,
        "seed": 0,
    }
    return Pedestrian(**(values | changes))


def check(mesh: Mesh) -> None:
    """Fails unless the mesh can be posed and drawn."""
    count = len(mesh.vertices)
    assert mesh.vertices.shape == (count, 3)
    assert mesh.bones.shape == mesh.weights.shape == (count, 4)
    assert (mesh.vertices.dtype, mesh.weights.dtype) == (np.float32, np.float32)
    assert (mesh.faces.dtype, mesh.bones.dtype, mesh.face_material.dtype) == (np.int32, np.int32, np.int32)
    assert np.isfinite(mesh.vertices).all()
    assert mesh.faces.min() >= 0
    assert mesh.faces.max() < count
    assert mesh.face_material.shape == (len(mesh.faces),)
    assert mesh.face_material.max() < len(mesh.materials)
    assert mesh.bones.min() >= 0
    assert mesh.bones.max() < len(skeleton().names)
    assert mesh.weights.min() >= 0
    np.testing.assert_allclose(mesh.weights.sum(axis=1), 1, atol=1e-5)


def outside(of: Body, points: np.ndarray, cloth: float = 0.0) -> np.ndarray:
    """Whether points (N, 3) lie outside the skin grown by ``cloth`` metres, by its winding number about them."""
    skin = (of.vertices + cloth * of.normals).astype(np.float64)
    found: np.ndarray = _winding(skin, of.skeleton.faces, points.astype(np.float64)) < 0.5
    return found


@njit
def _winding(skin: np.ndarray, faces: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Solid angle (N,) of the skin seen from the points, 1 for all around."""
    result = np.zeros(len(points))
    for number in range(len(points)):
        px, py, pz = points[number, 0], points[number, 1], points[number, 2]
        total = 0.0
        for face in range(len(faces)):
            i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
            ax, ay, az = skin[i, 0] - px, skin[i, 1] - py, skin[i, 2] - pz
            bx, by, bz = skin[j, 0] - px, skin[j, 1] - py, skin[j, 2] - pz
            cx, cy, cz = skin[k, 0] - px, skin[k, 1] - py, skin[k, 2] - pz
            a, b, c = np.sqrt(ax**2 + ay**2 + az**2), np.sqrt(bx**2 + by**2 + bz**2), np.sqrt(cx**2 + cy**2 + cz**2)
            volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
            ab, bc, ca = ax * bx + ay * by + az * bz, bx * cx + by * cy + bz * cz, cx * ax + cy * ay + cz * az
            total += np.arctan2(volume, a * b * c + ab * c + bc * a + ca * b)
        result[number] = total / (2 * np.pi)
    return result


def posed(of: Body, vertices: np.ndarray) -> Body:
    """The body with its skin moved elsewhere."""
    return Body(of.skeleton, vertices, of.heads)


def same(first: Mesh, second: Mesh) -> bool:
    return bool(np.array_equal(first.vertices, second.vertices)) and first.materials == second.materials


def volume(mesh: Mesh) -> float:
    """Signed volume in litres: positive if the faces of a closed mesh look outwards."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]].astype(np.float64) for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6 * 1000)
