"""Hats and glasses on several heads."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import JOINT_NAMES, skeleton
from reseen.world.optics.mesh import Mesh
from reseen.world.wardrobe.hair import hair
from reseen.world.wardrobe.hats import glasses, hat
from reseen.world.wardrobe.scalp import scalp
from tests.world.wearers import PHENOTYPES, body, check, person, same

KINDS = ("cap", "beanie", "sun")


def worn(name: str, kind: str, seed: int = 1, style: str = "short") -> Mesh:
    return hat(body(name), person(hat=kind, seed=seed, hair=style, body=PHENOTYPES[name]))


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_hat_goes_with_the_head(name: str, kind: str) -> None:
    mesh = worn(name, kind)
    check(mesh)
    assert same(mesh, worn(name, kind))
    assert not same(mesh, worn(name, kind, seed=2))
    assert {material.part for material in mesh.materials} == {Part.HAT}
    assert (mesh.bones[:, 0] == skeleton().index["head"]).all()
    assert (mesh.weights[:, 0] == 1).all()


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", ["bald", "short", "long"])
def test_a_hat_sits_on_the_hair_without_floating(name: str, kind: str, style: str) -> None:
    of = body(name)
    head = scalp(of)
    wearer = person(hat=kind, seed=3, hair=style, body=PHENOTYPES[name])
    mesh, strands = hat(of, wearer), hair(of, wearer)
    crown = head.surface[0, 0, 2] if strands is None else strands.vertices[:, 2].max()
    assert 0.001 < mesh.vertices[:, 2].max() - crown < 0.035
    if strands is not None:  # no strand sticks out of the dome
        cloth, hairs = mesh.vertices - head.centre, strands.vertices - head.centre
        above = hairs[hairs[:, 2] > 0.07 * head.scale]
        cloth_far, hair_far = np.linalg.norm(cloth, axis=1), np.linalg.norm(above, axis=1)
        near = np.argmax((above / hair_far[:, None]) @ (cloth / cloth_far[:, None]).T, axis=1)
        assert (cloth_far[near] > hair_far).all()


@pytest.mark.parametrize("name", PHENOTYPES)
def test_brims_reach_where_they_should(name: str) -> None:
    of = body(name)
    eyes = of.joints[JOINT_NAMES.index("left_eye")]
    forehead = float(of.vertices[np.abs(of.vertices[:, 2] - eyes[2] - 0.03) < 0.01, 1].min())
    reach = {kind: worn(name, kind).vertices for kind in KINDS}
    assert forehead - reach["cap"][:, 1].min() > 0.04
    assert forehead - reach["beanie"][:, 1].min() < 0.045
    assert np.ptp(reach["sun"][:, 0]) > np.ptp(reach["beanie"][:, 0]) + 0.06
    assert all(vertices[:, 2].min() > eyes[2] - 0.1 for vertices in reach.values())


@pytest.mark.parametrize("name", PHENOTYPES)
def test_glasses_cover_the_eyes_and_reach_the_ears(name: str) -> None:
    of = body(name)
    mesh = glasses(of, person(glasses=True))
    check(mesh)
    for side in ("left", "right"):
        eye, ear = (of.joints[JOINT_NAMES.index(f"{side}_{part}")] for part in ("eye", "ear"))
        near = mesh.vertices[np.abs(mesh.vertices[:, 0] - eye[0]) < 0.02]
        assert near[:, 2].min() < eye[2] - 0.01
        assert near[:, 2].max() > eye[2] + 0.01
        assert 0 < eye[1] - near[:, 1].min() < 0.03
        assert np.linalg.norm(mesh.vertices - ear, axis=1).min() < 0.04
