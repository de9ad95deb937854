"""Missing joints come from the nearest pose, at the person's own place and size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError
from reseen.pose.canonical import (
    USABLE,
    CanonicalPoses,
    default_poses,
    learn_poses,
    load_poses,
    normalised,
    points_of,
)
from tests.pose.figures import PLACES, batch, person

ANKLE, WRIST = (COCO18.joints.index(name) for name in ("left_ankle", "right_wrist"))


def raised() -> np.ndarray:
    """Both arms up."""
    return person(right_elbow=(14, 18, 1), right_wrist=(12, 4, 1), left_elbow=(50, 18, 1), left_wrist=(52, 4, 1))


def poses(*people: np.ndarray) -> CanonicalPoses:
    return CanonicalPoses(normalised(batch(*people)[..., :2]))


def test_poses_are_normalised() -> None:
    once, moved = poses(person()).centres, person()
    moved[:, :2] = moved[:, :2] * 3 + 7
    torch.testing.assert_close(poses(moved).centres, once)
    torch.testing.assert_close(once.mean(1), torch.zeros(1, 2), atol=1e-6, rtol=0)
    assert float(once.square().sum(2).mean()) == pytest.approx(1)


def test_a_missing_joint_is_supplied_at_the_persons_place_and_size() -> None:
    seen = person(left_ankle=(1, 2, 0), nose=(9, 9, 0.02))
    seen[:, :2] = seen[:, :2] * 1.5 + [10, -4]
    done = poses(raised(), person()).complete(batch(seen))[0]
    for name in ("left_ankle", "nose"):
        joint = done[COCO18.joints.index(name)]
        x, y = PLACES[name]
        np.testing.assert_allclose(joint, [1.5 * x + 10, 1.5 * y - 4, USABLE], rtol=1e-4)
    known = seen[:, 2] >= USABLE
    np.testing.assert_array_equal(done[known], seen[known])


def test_the_nearest_pose_supplies_it() -> None:
    both = poses(person(), raised())
    low, high = person(right_wrist=(0, 0, 0)), raised()
    high[WRIST] = 0
    done = both.complete(batch(low, high))
    np.testing.assert_allclose(done[0, WRIST, :2], PLACES["right_wrist"], rtol=1e-4)
    np.testing.assert_allclose(done[1, WRIST, :2], [12, 4], rtol=1e-4)


def test_of_too_little_nothing_is_made_up() -> None:
    few = np.zeros((18, 3), np.float32)
    few[:3] = person()[:3]
    point = np.full((18, 3), 5, np.float32)
    point[4:, 2] = 0
    given = batch(few, point, np.zeros((18, 3), np.float32))
    torch.testing.assert_close(default_poses().complete(given), given)


def test_two_kinds_of_pose_are_learnt_apart() -> None:
    rng = np.random.default_rng(0)
    people = np.stack([person() if number % 2 else raised() for number in range(40)])
    people[..., :2] = people[..., :2] * rng.uniform(0.5, 2, (40, 1, 1)) + rng.uniform(-9, 9, (40, 1, 2))
    learnt = learn_poses(people.astype(np.float32), count=2).centres
    expected = poses(person(), raised()).centres
    distances = torch.cdist(learnt.flatten(1), expected.flatten(1))
    assert distances.amin(1).max() < 1e-3
    assert sorted(distances.argmin(1).tolist()) == [0, 1]


def test_only_well_detected_persons_are_learnt_from() -> None:
    faceless = person(**dict.fromkeys(("nose", "right_eye", "left_eye", "right_ear", "left_ear"), (0, 0, 0)))
    hidden = np.zeros((18, 3), np.float32)
    learnt = learn_poses(np.stack([faceless] * 3 + [hidden] * 30), count=1).centres
    body = [row for row in range(18) if faceless[row, 2]]
    torch.testing.assert_close(normalised(learnt[:, body]), normalised(batch(person())[:, body, :2]))
    with pytest.raises(ReseenError, match="3 of 33 images have 12 joints or more, too few for 4"):
        learn_poses(np.stack([faceless] * 3 + [hidden] * 30), count=4)


def test_those_that_come_along_are_of_upright_people() -> None:
    centres = default_poses().centres
    assert centres.shape == (16, 18, 2)
    nose, neck, ankle = (COCO18.joints.index(name) for name in ("nose", "neck", "right_ankle"))
    assert (centres[:, nose, 1] < centres[:, neck, 1]).all()
    assert (centres[:, neck, 1] < centres[:, ankle, 1]).all()
    torch.testing.assert_close(normalised(centres), centres, atol=1e-3, rtol=0)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    made = CanonicalPoses(poses(person(), raised()).centres, "two figures")
    made.save(tmp_path / "new" / "poses.json")
    found = load_poses(tmp_path / "new" / "poses.json")
    assert found.origin == "two figures"
    torch.testing.assert_close(found.centres, made.centres, atol=1e-4, rtol=0)
    for text in ("[]", json.dumps({"skeleton": "coco18", "origin": "", "centres": [[1]]}), "x"):
        (tmp_path / "other.json").write_text(text)
        with pytest.raises(ReseenError, match="cannot read canonical poses"):
            load_poses(tmp_path / "other.json")


def test_images_without_joints_are_passed_over() -> None:
    assert points_of([]).shape == (0, 18, 3)
