"""Cloth lies outside of the skin, hangs from the widest place, and goes round both legs."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.landmarks import Landmarks
from reseen.world.optics.mesh import Material
from reseen.world.wardrobe.tailoring import drape_legs, drape_torso, shell, tube
from tests.world.wearers import body, check

CLOTH = Material(Part.LOWER, (0.2, 0.2, 0.5))


@pytest.fixture(scope="module")
def marks() -> Landmarks:
    return Landmarks(body("old and heavy"))


def test_a_shell_is_the_chosen_skin_pushed_outwards(marks: Landmarks) -> None:
    own = marks.body
    chosen = (marks.leg > 0.2) & (marks.leg < 0.8) & (marks.groups["arms"] < 0.1)
    offset = np.full(len(own.vertices), 0.01)
    mesh = shell(marks, chosen, offset, np.arange(len(own.vertices), dtype=np.float32), CLOTH)
    check(mesh)
    assert mesh.inside is not None
    skin = mesh.inside.astype(int)  # each carries the number of the vertex it was cut from
    assert chosen[skin].all()
    away = ((mesh.vertices - own.vertices[skin]) * own.normals[skin]).sum(axis=1)
    assert np.median(away) == pytest.approx(0.01, abs=0.003)
    assert away.min() > 0


def test_draped_cloth_moves_outwards_and_level(marks: Landmarks) -> None:
    own = marks.body
    for moved in (drape_torso(marks, 0.05), drape_legs(marks, 0.05, 0.5)):
        assert moved.shape == own.vertices.shape
        assert not moved[:, 2].any()
        assert np.linalg.norm(moved, axis=1).max() > 0.01
    assert not drape_torso(marks, 0.05)[marks.leg > 0.2].any()
    assert not drape_legs(marks, 0.05, 0.5)[marks.leg < 0.1].any()


def test_the_steeper_cloth_may_fall_the_less_it_stands_off(marks: Landmarks) -> None:
    loose, close = (np.linalg.norm(drape_torso(marks, slope), axis=1).sum() for slope in (0.0, 1.0))
    assert close < 0.5 * loose


def test_a_skirt_goes_round_both_legs_and_widens(marks: Landmarks) -> None:
    top, end = marks.waist, float(marks.body.head("lowerleg01.L")[2])
    mesh = tube(marks, top, end, 0.01, 0.2, CLOTH)
    check(mesh)
    heights = mesh.vertices[:, 2]
    assert (heights.max(), heights.min()) == pytest.approx((top, end), abs=1e-5)
    legs = marks.body.vertices[(marks.groups["arms"] < 0.1) & (marks.leg > 0.3) & (marks.leg < 0.45)]
    knee_high = mesh.vertices[np.abs(heights - legs[:, 2].mean()) < 0.1]
    assert np.abs(legs[:, 0]).max() < np.abs(knee_high[:, 0]).max()
    widths = [np.ptp(mesh.vertices[np.isclose(heights, height), 0]) for height in np.unique(heights)]
    assert widths[0] > 1.05 * widths[-1], "the hem is the widest"


def test_an_open_coat_is_cut_away_in_front(marks: Landmarks) -> None:
    mesh = tube(marks, marks.waist, marks.waist - 0.4, 0.01, 0.1, Material(Part.UPPER, (0.1, 0.1, 0.1), opening=0.1))
    assert mesh.inside is not None
    gone = mesh.vertices[mesh.inside < 0]
    assert len(gone)
    assert np.abs(gone[:, 0]).max() < 0.12
    assert gone[:, 1].max() < mesh.vertices[:, 1].mean()
