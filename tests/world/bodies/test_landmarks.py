"""Places on the body: joints lie where the definition says, and groups are where their names are."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.world.bodies.landmarks import Landmarks
from tests.world.wearers import PHENOTYPES, body, posed


@pytest.mark.parametrize("name", PHENOTYPES)
@pytest.mark.parametrize("side", ["L", "R"])
def test_shoulder_elbow_and_wrist_lie_at_0_half_and_1(name: str, side: str) -> None:
    own = body(name)
    joints = np.stack([own.head(f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist")])
    np.testing.assert_allclose(Landmarks(posed(own, joints)).arm, [0, 0.5, 1], atol=1e-5)


@pytest.mark.parametrize("name", PHENOTYPES)
def test_hip_knee_and_ankle_lie_at_0_half_and_1(name: str) -> None:
    own = body(name)
    hip, knee, ankle = (own.head(f"{bone}.L") for bone in ("upperleg01", "lowerleg01", "foot"))
    points = np.stack([2 * hip - knee, hip, (hip + knee) / 2, knee, ankle])
    np.testing.assert_allclose(Landmarks(posed(own, points)).leg, [-0.5, 0, 0.25, 0.5, 1], atol=1e-5)


def test_groups_weigh_what_they_name() -> None:
    marks = Landmarks(body("man"))
    height = marks.body.vertices[:, 2]
    assert height[marks.groups["head"] > 0.9].min() > marks.waist > height[marks.groups["feet"] > 0.9].max()
    hands = marks.groups["hands"]
    assert (hands <= marks.groups["arms"] + 1e-6).all()
    assert marks.arm[hands > 0.9].min() > 0.85
    for weight in marks.groups.values():
        assert 0 <= weight.min() <= weight.max() <= 1 + 1e-6
        assert 0 < np.mean(weight > 0.5) < 0.6


def test_scale_is_height_against_170_centimetres() -> None:
    marks = Landmarks(body("child"))
    assert marks.scale == pytest.approx(np.ptp(marks.body.vertices[:, 2]) / 1.7)
    assert marks.scale < 0.9
