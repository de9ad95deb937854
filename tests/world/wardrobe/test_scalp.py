"""The head by direction: the angles point where they should, on every body."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.world.bodies.body import JOINT_NAMES, skeleton
from reseen.world.wardrobe.scalp import scalp, scalp_binding
from tests.world.wearers import PHENOTYPES, body


@pytest.mark.parametrize("name", PHENOTYPES)
def test_angles_point_where_they_should(name: str) -> None:
    """Azimuth 0 is forwards (-y), 90 to the person's left (+x); polar angle 0 is the crown."""
    own = body(name)
    head = scalp(own)
    crown, front, left, back = head.at(np.array([0, 90, 90, 90]), np.array([0, 0, 90, 180])) - head.centre
    assert crown[2] > 0.08 * head.scale
    assert abs(crown[:2]).max() < 0.02
    assert front[1] < -0.07 * head.scale
    assert back[1] > 0.07 * head.scale
    assert left[0] > 0.05 * head.scale
    nose = own.joints[JOINT_NAMES.index("nose")]
    assert nose[1] < head.centre[1]
    assert head.at(np.array(0), np.array(0))[2] == pytest.approx(own.vertices[:, 2].max(), abs=0.01)


def test_a_grown_mans_head_is_the_measure_and_a_childs_is_smaller() -> None:
    assert scalp(body("man")).scale == pytest.approx(1, abs=0.12)
    assert scalp(body("child")).scale < scalp(body("man")).scale


def test_between_the_angles_of_the_grid_the_surface_is_interpolated() -> None:
    head = scalp(body("woman"))
    corners = head.at(np.array([40, 40, 45, 45]), np.array([355, 360, 355, 0]))
    np.testing.assert_allclose(head.at(np.array(42.5), np.array(357.5)), corners.mean(axis=0))


def test_what_is_pushed_lies_outside_by_its_thickness() -> None:
    head = scalp(body("child"))
    polar, azimuth = np.meshgrid(np.arange(0, 130, 10), np.arange(0, 360, 10))
    away = head.pushed(polar, azimuth, 0.02) - head.at(polar, azimuth)
    np.testing.assert_allclose(np.linalg.norm(away, axis=-1), 0.02 * head.scale)
    assert ((head.at(polar, azimuth) - head.centre) * away).sum(axis=-1).min() > 0


def test_ears_stand_out_at_the_sides_only() -> None:
    head = scalp(body("man"))
    polar, azimuth = np.meshgrid(np.arange(70, 115, 5), np.arange(0, 360, 5))
    out = np.linalg.norm(head.at(polar, azimuth, ears=True) - head.at(polar, azimuth), axis=-1).max(axis=1)
    assert min(out[13:24].max(), out[49:60].max()) > 0.008
    assert out[:9].max() == out[28:44].max() == out[64:].max() == 0, "neither in front nor behind"


def test_the_skin_of_the_crown_goes_with_the_head() -> None:
    bones, weights = scalp_binding(np.array([0, 30]), np.array([0, 180]))
    assert (weights * (bones == skeleton().index["head"])).sum(axis=1) == pytest.approx(1, abs=0.01)
