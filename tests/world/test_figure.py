"""Figures stand on the ground, where they are put, looking where they are turned."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import JOINT_NAMES
from reseen.world.bodies.poses import Stance
from reseen.world.figure import make_figure, put
from reseen.world.optics.mesh import Mesh
from tests.world.wearers import check, person

STANCE = Stance(0.3, 0.0, "hang", "hang")
BLUE = (0.1, 0.1, 0.6)


def worn(mesh: Mesh) -> set[Part]:
    return {mesh.materials[number].part for number in np.unique(mesh.face_material)}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"hat": "cap"}, Part.HAT),
        ({"backpack": BLUE}, Part.BACKPACK),
        ({"bag": BLUE}, Part.BAG),
    ],
    ids=lambda value: value.name if isinstance(value, Part) else "",
)
def test_what_a_person_wears_is_in_the_figure(changes: dict[str, object], part: Part) -> None:
    bare, figure = make_figure(person()), make_figure(person(**changes))
    check(figure.mesh)
    assert worn(figure.mesh) - worn(bare.mesh) == {part}
    assert len(figure.table) == len(figure.mesh.materials)


def test_a_handbag_comes_with_the_pose() -> None:
    figure = make_figure(person(handbag=BLUE))
    assert Part.HANDBAG not in worn(figure.mesh)
    carried = put(figure, STANCE, np.zeros(2, np.float32), 0.0)
    assert len(carried.vertices) > len(figure.mesh.vertices)
    assert len(carried.table) > len(figure.table)
    assert carried.face_material.max() == len(carried.table) - 1


@pytest.mark.parametrize(("heading", "ahead"), [(0.0, (0, -1)), (90.0, (1, 0)), (180.0, (0, 1))])
def test_a_figure_stands_at_its_place_and_faces_its_heading(heading: float, ahead: tuple[float, float]) -> None:
    posed = put(make_figure(person()), STANCE, np.array([3.0, 7.0], np.float32), heading)
    assert posed.vertices[:, 2].min() == pytest.approx(0, abs=1e-5)
    assert np.abs(posed.vertices[:, :2].mean(axis=0) - (3, 7)).max() < 0.3
    joints = {name: posed.joints[number] for number, name in enumerate(JOINT_NAMES)}
    assert joints["nose"][2] > joints["left_hip"][2] > joints["left_ankle"][2] > 0
    face = joints["nose"] - (joints["left_ear"] + joints["right_ear"]) / 2
    assert face[:2] / np.linalg.norm(face[:2]) == pytest.approx(ahead, abs=0.1)
