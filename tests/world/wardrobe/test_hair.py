"""Hair on several heads."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import JOINT_NAMES, Body, bone_transforms, pose_mesh
from reseen.world.optics.mesh import Mesh
from reseen.world.optics.raster import skin as skinned
from reseen.world.wardrobe.hair import hair
from reseen.world.wardrobe.scalp import scalp
from tests.world.wearers import PHENOTYPES, body, check, outside, person, posed, same

STYLES = ("short", "bun", "bob", "ponytail", "long")


def worn(name: str, style: str, seed: int = 1, **changes: object) -> Mesh:
    mesh = hair(body(name), person(hair=style, seed=seed, body=PHENOTYPES[name], **changes))
    assert mesh is not None
    return mesh


def joint(of: Body, name: str) -> np.ndarray:
    return of.joints[JOINT_NAMES.index(name)]


def scalp_region(of: Body) -> np.ndarray:
    """Skin vertices on top, sides and back of the head, well within the hairline."""
    head = scalp(of)
    rays = of.vertices - head.centre
    far = np.linalg.norm(rays, axis=1)
    polar = np.degrees(np.arccos(rays[:, 2] / far))
    front = np.degrees(np.abs(np.arctan2(rays[:, 0], -rays[:, 1])))
    limit = np.interp(front, [0, 60, 100, 130, 180], [38, 38, 65, 105, 110])
    found: np.ndarray = (far < 0.2) & (polar < limit)
    return found


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("style", STYLES)
def test_hair_can_be_drawn(name: str, style: str) -> None:
    mesh = worn(name, style)
    check(mesh)
    assert len(mesh.faces) < 4000
    assert {material.part for material in mesh.materials} == {Part.HAIR}
    assert same(mesh, worn(name, style))
    assert not same(mesh, worn(name, style, seed=2))


def test_a_bald_head_has_none() -> None:
    assert hair(body("man"), person(hair="bald")) is None


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("style", STYLES)
def test_hair_covers_the_scalp(name: str, style: str) -> None:
    of = body(name)
    centre = scalp(of).centre
    mesh = worn(name, style)
    rays = of.vertices[scalp_region(of)][::2] - centre
    assert len(rays) > 50
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] - centre for corner in range(3))
    # A ray from the head's centre through the skin meets a face of hair beyond the skin.
    sides = [rays @ np.cross(p, q).T for p, q in ((b, c), (c, a), (a, b))]
    total = np.maximum(sides[0] + sides[1] + sides[2], 1e-12)
    hit = (np.stack(sides) >= -1e-9).all(axis=0)
    distance = (a * np.cross(b, c)).sum(axis=1) / total
    assert ((distance > 1) & (distance < 3) & hit).any(axis=1).all()


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_hair_leaves_the_face_free(name: str, style: str, seed: int) -> None:
    of = body(name)
    mesh = worn(name, style, seed)
    eyes = (joint(of, "left_eye") + joint(of, "right_eye")) / 2
    face = (
        (np.abs(mesh.vertices[:, 0]) < 0.05 * scalp(of).scale)
        & (mesh.vertices[:, 2] < eyes[2] + 0.012)
        & (mesh.vertices[:, 2] > eyes[2] - 0.1 * scalp(of).scale)
        & (mesh.vertices[:, 1] < joint(of, "left_ear")[1] - 0.03)
    )
    assert not face.any()


@pytest.mark.parametrize("name", PHENOTYPES)
def test_length_is_as_named(name: str) -> None:
    of = body(name)
    shoulder = joint(of, "neck")[2]
    lowest = {style: float(worn(name, style).vertices[:, 2].min()) for style in STYLES}
    assert lowest["long"] < shoulder - 0.03
    assert lowest["ponytail"] < shoulder + 0.05
    assert shoulder < lowest["bob"] < joint(of, "left_ear")[2] - 0.04
    assert min(lowest["short"], lowest["bun"]) > joint(of, "left_ear")[2] - 0.1


@pytest.mark.parametrize("name", PHENOTYPES)
def test_long_hair_lies_outside_the_back_also_when_the_head_turns(name: str) -> None:
    of = body(name)
    mesh = worn(name, "long")
    half = np.radians(20)
    turn = np.array([[np.cos(half), -np.sin(half), 0], [np.sin(half), np.cos(half), 0], [0, 0, 1]])
    motion = bone_transforms(of, {"neck02": turn, "head": turn}, turn=np.eye(3))
    skin = posed(of, skinned(of.vertices, of.skeleton.bones, of.skeleton.weights, motion))
    for at_rest, around in ((mesh.vertices, of), (pose_mesh(mesh, motion), skin)):
        low = at_rest[
            (mesh.vertices[:, 2] < joint(of, "neck")[2] + 0.02) & (mesh.vertices[:, 1] > of.head("neck01")[1])
        ]
        assert len(low) > 20
        assert outside(around, low[::8], -0.01).all()


def test_short_hair_of_men_is_thinner_at_the_sides_than_on_top() -> None:
    of = body("man")
    head = scalp(of)
    for seed in range(5):
        mesh = worn("man", "short", seed)
        top = mesh.vertices[:, 2].max() - head.surface[0, 0, 2]
        level = np.abs(mesh.vertices[:, 2] - head.centre[2] - 0.03) < 0.015
        side = mesh.vertices[level, 0].max() - np.abs(head.at(np.arange(60, 80), np.full(20, 90.0))[:, 0]).max()
        assert 0.007 < top < 0.045
        assert side < top


def test_hair_under_a_hat_is_flat() -> None:
    free, under = worn("woman", "short", 3), worn("woman", "short", 3, hat="beanie")
    assert under.vertices[:, 2].max() < free.vertices[:, 2].max() - 0.005
