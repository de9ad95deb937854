"""Boxes by the paper's equations, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reseen.pose.regions import REGIONS, region_boxes, strip_boxes
from tests.pose.figures import batch, person

SIZE = (128, 64)


def test_boxes_follow_the_equations() -> None:
    boxes = region_boxes(batch(person()), SIZE)
    # Head: y from 14 (eyes) to 28 (neck); lower leg: from 86 (knees) to 110 (ankles).
    top, bottom = 2 * 14 - 28, 110 * 4 / 3 - 86 / 3
    height = bottom - top
    assert (top, bottom, height) == pytest.approx((0, 118, 118))
    # x: mean 32 by symmetry; 18 and 46 are the wrists'.
    left, right = min(32 - height / 4, 18), max(32 + height / 4, 46)
    beta = 3 * height / 48
    expected = {
        "whole": (top, bottom),
        "head": (top, 28 + beta),
        "upper": (28 - beta, 62 + beta),
        "upper_leg": (62 - beta, 86 + beta),
        "lower_leg": (86 - beta, bottom),
    }
    assert tuple(expected) == REGIONS
    wanted = [(left, upper, right, lower) for upper, lower in expected.values()]
    np.testing.assert_allclose(boxes[0].numpy(), wanted, rtol=1e-6)


def test_outstretched_arms_widen_all_boxes() -> None:
    boxes = region_boxes(batch(person(left_wrist=(70, 30, 1))), SIZE)[0]
    assert boxes[:, 2].tolist() == [70] * 5
    assert float(boxes[0, 0]) == pytest.approx(32 + 24 / 18 - 118 / 4)


def test_neighbours_overlap_by_twice_beta() -> None:
    boxes = region_boxes(batch(person()), SIZE, beta=0.1)[0]
    overlaps = boxes[1:-1, 3] - boxes[2:, 1]
    np.testing.assert_allclose(overlaps.numpy(), [2 * 11.8] * 3, rtol=1e-5)


def test_joints_nobody_is_sure_of_do_not_count() -> None:
    unsure, sure = (person(left_ankle=(60, 127, confidence)) for confidence in (0.05, 0.1))
    one_leg, both = region_boxes(batch(unsure, sure), SIZE)
    assert float(one_leg[0, 3]) == pytest.approx(118)
    assert float(both[0, 3]) > 130


def test_without_usable_joints_there_are_strips() -> None:
    headless = person(**dict.fromkeys(("nose", "neck", "right_eye", "left_eye", "right_ear", "left_ear"), (0, 0, 0)))
    boxes = region_boxes(batch(person(), headless, np.zeros((18, 3), np.float32)), SIZE)
    strips = strip_boxes(1, SIZE)[0]
    torch.testing.assert_close(boxes[1], strips)
    torch.testing.assert_close(boxes[2], strips)
    assert not torch.equal(boxes[0], strips)
    assert boxes.isfinite().all()
    assert strips[0].tolist() == [-0.5, -0.5, 63.5, 127.5]
    assert (strips[1:-1, 3] > strips[2:, 1]).all()
