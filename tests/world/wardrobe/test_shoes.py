"""Shoes on several feet."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import bone_transforms, pose_mesh
from reseen.world.optics.mesh import Mesh
from reseen.world.wardrobe.shoes import foot_vertices, shoes
from tests.world.wearers import PHENOTYPES, body, check, person, same, volume

KINDS = ("trainers", "leather", "boots", "sandals")


def worn(name: str, kind: str, cloth: float = 0.01) -> Mesh:
    return shoes(body(name), person(shoe_kind=kind, shoes=(0.5, 0.1, 0.1)), cloth=cloth)


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_shoes_stand_on_their_soles(name: str, kind: str) -> None:
    of, mesh = body(name), worn(name, kind)
    check(mesh)
    assert same(mesh, worn(name, kind))
    assert {material.part for material in mesh.materials} == {Part.SHOES}
    ground = mesh.vertices[:, 2].min()
    assert 0.008 < of.vertices[:, 2].min() - ground < 0.03
    # What touches the ground is sole: of another colour than the upper part.
    lowest = (mesh.vertices[mesh.faces, 2] < ground + 0.001).all(axis=1)
    colours = {mesh.materials[material].colour for material in mesh.face_material[lowest]}
    assert len(colours) == 1
    assert colours != {(0.5, 0.1, 0.1)}


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("kind", ["trainers", "leather", "boots"])
@pytest.mark.parametrize("side", ["L", "R"])
def test_a_shoe_covers_foot_and_toes(name: str, kind: str, side: str) -> None:
    of, mesh = body(name), worn(name, kind)
    foot = of.vertices[foot_vertices(side)]
    size = np.ptp(foot[:, 1]) / 0.25
    foot = foot[foot[:, 2] < foot[:, 2].min() + 0.055 * size]
    mine = mesh.vertices[np.sign(mesh.vertices[:, 0]) == np.sign(foot[0, 0])]
    # Cut by cut along the foot, so that a hollow over the instep counts.
    for low in np.linspace(foot[:, 1].min(), foot[:, 1].max(), 12)[:-1]:
        inside = foot[np.abs(foot[:, 1] - low) < 0.012 * size][:, [0, 2]]
        around = mine[np.abs(mine[:, 1] - low) < 0.03 * size][:, [0, 2]]
        assert len(inside) > 3
        corners = around[ConvexHull(around).vertices]
        edges = np.roll(corners, -1, axis=0) - corners
        to = inside[:, None] - corners
        assert (edges[:, 0] * to[..., 1] - edges[:, 1] * to[..., 0] > 0).all()


@pytest.mark.parametrize("name", PHENOTYPES)
def test_boots_reach_up_the_calf_and_stand_off_the_cloth(name: str) -> None:
    of = body(name)
    knee, ankle = of.head("lowerleg01.L")[2], of.head("foot.L")[2]
    tops = {kind: worn(name, kind).vertices[:, 2].max() for kind in KINDS}
    assert 0.4 < (tops["boots"] - ankle) / (knee - ankle) < 0.7
    assert max(tops[kind] for kind in KINDS if kind != "boots") < ankle + 0.1 * (knee - ankle)
    wide, close = (
        np.ptp(vertices[vertices[:, 2] > (knee + ankle) / 2 - 0.05, 0])
        for vertices in (worn(name, "boots", cloth).vertices for cloth in (0.03, 0.0))
    )
    assert wide > close


@pytest.mark.parametrize("kind", KINDS)
def test_shoes_follow_the_feet(kind: str) -> None:
    of, mesh = body("woman"), worn("woman", kind)
    half = np.radians(30)
    turn = np.array([[1, 0, 0], [0, np.cos(half), -np.sin(half)], [0, np.sin(half), np.cos(half)]])
    motion = bone_transforms(of, {"upperleg01.L": turn}, turn=np.eye(3))
    moved = pose_mesh(mesh, motion) - mesh.vertices
    left = mesh.vertices[:, 0] > 0
    assert np.linalg.norm(moved[left], axis=1).min() > 0.15
    assert np.abs(moved[~left]).max() < 1e-5


def test_faces_look_outwards() -> None:
    assert 1 < volume(worn("man", "leather")) < 8


def test_trainers_have_light_soles_more_often_than_not() -> None:
    soles = [
        shoes(body("man"), person(shoe_kind="trainers", shoes=(0.1, 0.1, 0.1), seed=seed)).materials[0].colour[0]
        for seed in range(12)
    ]
    assert sum(colour > 0.6 for colour in soles) > 5
