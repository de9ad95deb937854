from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import Body, make_body
from reseen.world.optics.mesh import Mesh
from reseen.world.people.casting import draw_pedestrians
from reseen.world.people.pedestrian import Cloth, Pedestrian
from reseen.world.wardrobe.clothes import dress

PLAIN = replace(
    draw_pedestrians(0, 1)[0],
    upper=Cloth((0.5, 0.1, 0.1)),
    upper_kind="shirt",
    sleeve=0.45,
    hem=0.2,
    lower=Cloth((0.1, 0.1, 0.5)),
    lower_kind="trousers",
    lower_length=1.0,
    looseness=0.3,
)
BODIES = {
    "man": {"gender": 0.0, "age": 0.67},
    "woman": {"gender": 1.0, "age": 0.67},
    "child": {"gender": 0.5, "age": 0.3},
    "heavy": {"gender": 0.1, "age": 0.8, "weight": 0.95},
}


@pytest.fixture(scope="module", params=BODIES)
def body(request: pytest.FixtureRequest) -> Body:
    return make_body(BODIES[request.param])


def parts(meshes: list[Mesh], part: Part) -> np.ndarray:
    """Corners (n, 3, 3) of all faces of a part."""
    return np.concatenate(
        [
            mesh.vertices[mesh.faces[np.array([m.part == part for m in mesh.materials])[mesh.face_material]]]
            for mesh in meshes
        ]
    )


def arm_share(body: Body, points: np.ndarray) -> np.ndarray:
    """How far out along the left arm points lie: 0 at the shoulder, 1 at the wrist."""
    shoulder, wrist = body.head("upperarm01.L"), body.head("wrist.L")
    return (points - shoulder) @ (wrist - shoulder) / ((wrist - shoulder) @ (wrist - shoulder))


@pytest.mark.parametrize("sleeve", [0.3, 0.5, 1.0])
def test_sleeves_end_where_they_should(body: Body, sleeve: float):
    upper = dress(body, replace(PLAIN, sleeve=sleeve))[2]
    assert upper.inside is not None
    arm = np.array([name.endswith(("arm01.L", "arm02.L")) for name in body.skeleton.names])
    on_arm = (upper.weights * arm[upper.bones]).sum(axis=1) > 0.5
    left = upper.vertices[on_arm & (upper.inside > 0)]
    assert arm_share(body, left).max() == pytest.approx(sleeve, abs=0.12)


@pytest.mark.parametrize("length", [0.4, 0.6, 1.0])
def test_trouser_legs_end_where_they_should(body: Body, length: float):
    lower = dress(body, replace(PLAIN, lower_length=length))[1]
    hip, ankle = body.head("upperleg01.L")[2], body.head("foot.L")[2]
    assert lower.inside is not None
    end = lower.vertices[lower.inside > 0][:, 2].min()
    assert (hip - end) / (hip - ankle) == pytest.approx(length, abs=0.07)


@pytest.mark.parametrize("kind", ["shirt", "blouse", "jacket", "hoodie", "coat"])
@pytest.mark.parametrize("looseness", [0.0, 1.0])
def test_cloth_lies_outside_of_the_body(body: Body, kind: str, looseness: float):
    meshes = dress(body, replace(PLAIN, upper_kind=kind, looseness=looseness))
    tree = cKDTree(body.vertices)
    garments = meshes[1:4]  # a collar comes last, and is a ring whose inner side lies on the neck
    for mesh in garments:
        kept = slice(None) if mesh.inside is None else mesh.inside > 0
        _, nearest = tree.query(mesh.vertices[kept])
        off = ((mesh.vertices[kept] - body.vertices[nearest]) * body.normals[nearest]).sum(axis=1)
        assert (off > 0.001).mean() > 0.97


def test_skin_under_clothes_is_left_out_and_the_rest_is_there(body: Body):
    meshes = dress(body, PLAIN)
    assert not len(parts(meshes, Part.LEGS)) or (parts(meshes, Part.LEGS)[..., 2] < body.head("lowerleg01.L")[2]).all()
    bare_arms = parts(meshes, Part.ARMS)
    assert arm_share(body, bare_arms[bare_arms[..., 0] > 0.2].reshape(-1, 3)).max() > 1  # the hands
    in_shorts = parts(dress(body, replace(PLAIN, lower_length=0.4)), Part.LEGS)
    assert in_shorts[..., 2].max() > body.head("lowerleg01.L")[2]


def test_a_skirt_is_wider_below_and_covers_both_legs(body: Body):
    skirt = dress(body, replace(PLAIN, lower_kind="skirt", lower_length=0.5, looseness=0.5))[1]
    z = skirt.vertices[:, 2]
    top, bottom = (skirt.vertices[np.abs(z - level) < 0.005] for level in (z.max(), z.min()))
    assert np.ptp(bottom[:, 0]) > np.ptp(top[:, 0])
    near = np.abs(body.vertices[:, 2] - z.min()) < 0.02
    legs = body.vertices[near & (np.abs(body.vertices[:, 0]) < 0.25 * body.height)]
    assert bottom[:, 0].max() > legs[:, 0].max()
    assert bottom[:, 1].min() < legs[:, 1].min()


@pytest.mark.parametrize("person", draw_pedestrians(1, 12), ids=lambda person: f"{person.upper_kind}-{person.pid}")
def test_every_mesh_is_whole(person: Pedestrian):
    body = make_body(person.body)
    for mesh in dress(body, person):
        assert np.isfinite(mesh.vertices).all()
        assert mesh.faces.min() >= 0
        assert mesh.faces.max() < len(mesh.vertices)
        assert len(mesh.face_material) == len(mesh.faces)
        assert mesh.face_material.max() < len(mesh.materials)
        assert np.allclose(mesh.weights.sum(axis=1), 1, atol=1e-5)
        assert mesh.bones.max() < len(body.skeleton.names)
