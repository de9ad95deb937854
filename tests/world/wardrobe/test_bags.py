"""Bags on several bodies."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import Body, bone_transforms, pose_mesh
from reseen.world.bodies.poses import Stance, pose
from reseen.world.optics.mesh import Mesh
from reseen.world.wardrobe.bags import backpack, handbag, shoulder_bag
from reseen.world.wardrobe.shapes import torso_vertices
from tests.world.wearers import PHENOTYPES, body, check, outside, person, same, volume

RED = (0.7, 0.1, 0.1)
WALK = Stance(phase=0.2, stride=1.0, left="swing", right="carry", lean=4.0, head_turn=20.0)
DOWN = np.array([0.0, 0.0, -1.0])


def packed(name: str, seed: int = 1, cloth: float = 0.025) -> Mesh:
    return backpack(body(name), person(backpack=RED, seed=seed), cloth=cloth)


def slung(name: str, seed: int = 1, cloth: float = 0.025) -> Mesh:
    return shoulder_bag(body(name), person(bag=RED, seed=seed), cloth=cloth)


def carried(of: Body, seed: int = 1, side: str = "R", down: np.ndarray = DOWN) -> Mesh:
    return handbag(of, person(handbag=RED, seed=seed), side, down)


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bags_can_be_drawn(name: str, seed: int) -> None:
    for mesh, again, part in (
        (packed(name, seed), packed(name, seed), Part.BACKPACK),
        (slung(name, seed), slung(name, seed), Part.BAG),
        (carried(body(name), seed), carried(body(name), seed), Part.HANDBAG),
    ):
        check(mesh)
        assert same(mesh, again)
        assert {material.part for material in mesh.materials} == {part}
        assert len(mesh.faces) <= 1200
        assert volume(mesh) > 0.5


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("cloth", [0.005, 0.035])
def test_a_backpack_lies_outside_the_clothes(name: str, cloth: float) -> None:
    of, mesh = body(name), packed(name, cloth=cloth)
    # Below the arm pits a strap may press into thick clothes, and over a child's into the upper arms of the rest pose.
    points = mesh.vertices[1::5]
    assert outside(of, points, 0.002).mean() > 0.96
    assert outside(of, points, cloth - 0.004).mean() > 0.85
    box = mesh.vertices[mesh.bones[:, 0] == of.skeleton.index["spine02"]]
    assert box[:, 1].max() > of.vertices[torso_vertices(), 1].max() + 0.08 * of.height / 1.72
    assert not outside(of, box, cloth).all()  # it lies on them
    # Straps on both sides of the chest, in front of the body.
    chest = mesh.vertices[mesh.vertices[:, 1] < of.head("spine01")[1] - 0.05]
    assert (chest[:, 0] > 0.04).any()
    assert (chest[:, 0] < -0.04).any()
    assert np.abs(mesh.vertices[:, 0]).max() < 0.3
    assert mesh.vertices[:, 2].max() < of.head("head")[2]
    assert mesh.vertices[:, 2].min() > of.heads[0, 2] - 0.1


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("seed", range(4))
def test_a_bag_hangs_at_the_hip_on_a_strap_over_a_shoulder(name: str, seed: int) -> None:
    of, mesh = body(name), slung(name, seed)
    assert outside(of, mesh.vertices[1::5], 0.01).all()
    shoulder, hip = of.joints[5, 2], of.heads[0, 2]
    assert shoulder - 0.02 < mesh.vertices[:, 2].max() < shoulder + 0.12
    assert hip - 0.4 < mesh.vertices[:, 2].min() < hip
    # One band goes all the way from the shoulder to the bag: no gap in height.
    heights = np.sort(mesh.vertices[:, 2])
    assert np.diff(heights).max() < 0.08


def test_some_bags_hang_across_the_chest_and_some_do_not() -> None:
    of = body("woman")
    across = 0
    for seed in range(16):
        mesh = slung("woman", seed)
        top, bottom = mesh.vertices[mesh.vertices[:, 2].argmax()], mesh.vertices[mesh.vertices[:, 2].argmin()]
        assert abs(bottom[0]) > of.head("upperleg01.L")[0]
        across += int(np.sign(top[0]) != np.sign(bottom[0]))
    assert 3 < across < 14


@pytest.mark.parametrize("name", PHENOTYPES)
def test_walking_does_not_tear_bags(name: str) -> None:
    of = body(name)
    motion = bone_transforms(of, pose(of, WALK), turn=np.eye(3))
    for mesh in (packed(name), slung(name, 0), slung(name, 1), slung(name, 2)):
        posed = pose_mesh(mesh, motion)
        for a, b in ((0, 1), (1, 2), (2, 0)):
            rest = np.linalg.norm(mesh.vertices[mesh.faces[:, a]] - mesh.vertices[mesh.faces[:, b]], axis=1)
            now = np.linalg.norm(posed[mesh.faces[:, a]] - posed[mesh.faces[:, b]], axis=1)
            assert np.abs(now - rest).max() < 0.04


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("seed", range(3))
def test_a_handbag_hangs_straight_down_from_the_hand(name: str, side: str, seed: int) -> None:
    of = body(name)
    stance = Stance(phase=0.2, stride=1.0, left="carry", right="carry")
    motion = bone_transforms(of, pose(of, stance), turn=np.eye(3))
    wrist = of.skeleton.index[f"wrist.{side}"]
    mesh = carried(of, seed, side, motion[wrist, :, :3].T @ DOWN)
    posed = pose_mesh(mesh, motion)
    knuckle = of.skeleton.index[f"finger3-1.{side}"]
    hand = motion[knuckle, :, :3] @ of.heads[knuckle] + motion[knuckle, :, 3]
    assert np.linalg.norm(posed - hand, axis=1).min() < 0.05
    assert posed[:, 2].max() < hand[2] + 0.03
    assert posed[:, 2].min() < hand[2] - 0.2 * of.height / 1.72
    assert posed[:, 2].min() > of.vertices[:, 2].min() + 0.05
    assert np.linalg.norm((posed.mean(axis=0) - hand)[:2]) < 0.06
    lowest = posed[posed[:, 2] < posed[:, 2].min() + 0.002]
    assert np.ptp(lowest[:, :2], axis=0).max() > 0.05  # a level bottom


def test_bags_grow_with_the_body() -> None:
    small, large = packed("child"), packed("man")
    assert volume(small) < 0.75 * volume(large)
