"""Peaks, unit vectors and the weighted error by hand."""

from __future__ import annotations

import math

import pytest
import torch

from reseen.data.skeleton import COCO18
from reseen.pose.maps import LIMBS, PoseMaps
from reseen.pose.targets import pose_loss, pose_targets

SIZE = (64, 32)


def persons(*people: dict[str, tuple[float, float]]) -> torch.Tensor:
    points = torch.zeros(1, len(people), 18, 3)
    for number, joints in enumerate(people):
        for name, place in joints.items():
            points[0, number, COCO18.joints.index(name)] = torch.tensor([*place, 1])
    return points


def test_a_peak_is_a_gaussian_of_seven_pixels() -> None:
    # Cell (1, 2) lies at x = 8 + 3.5, y = 16 + 3.5.
    maps = pose_targets(persons({"nose": (11.5, 19.5)}), SIZE).confidence
    assert maps.shape == (1, 19, 8, 4)
    assert float(maps[0, 0, 2, 1]) == 1
    assert float(maps[0, 0, 2, 2]) == pytest.approx(math.exp(-64 / (2 * 49)))
    assert float(maps[0, 0, 3, 2]) == pytest.approx(math.exp(-128 / (2 * 49)))
    assert float(maps[0, 18, 2, 1]) == 0
    assert float(maps[0, 18, 2, 2]) == pytest.approx(1 - math.exp(-64 / (2 * 49)))
    assert not maps[0, 1:18].any()


def test_of_two_persons_peaks_the_higher_one_counts() -> None:
    maps = pose_targets(persons({"nose": (11.5, 19.5)}, {"nose": (19.5, 19.5)}), SIZE).confidence
    assert maps[0, 0, 2, 1:3].tolist() == [1, 1]


def test_a_limb_is_a_unit_vector_along_it() -> None:
    limb = LIMBS.index(tuple(COCO18.joints.index(name) for name in ("right_knee", "right_ankle")))
    field = pose_targets(persons({"right_knee": (11.5, 11.5), "right_ankle": (11.5, 43.5)}), SIZE).affinity
    x, y = field[0, 2 * limb], field[0, 2 * limb + 1]
    assert not x.any()
    # From row 1 to row 5, and a cell of 8 pixels to each side.
    assert y[:, 1].tolist() == y[:, 0].tolist() == y[:, 2].tolist() == [0, 1, 1, 1, 1, 1, 0, 0]
    assert not y[:, 3].any()
    assert field.abs().sum() == y.abs().sum(), "no other limb has both its joints"


def test_where_limbs_cross_their_mean_stands() -> None:
    limb = LIMBS.index(tuple(COCO18.joints.index(name) for name in ("neck", "nose")))
    one = {"neck": (11.5, 43.5), "nose": (11.5, 3.5)}
    other = {"neck": (3.5, 19.5), "nose": (27.5, 19.5)}
    field = pose_targets(persons(one, other), SIZE).affinity[0, 2 * limb : 2 * limb + 2]
    assert field[:, 2, 1].tolist() == [0.5, -0.5]
    assert field[:, 2, 3].tolist() == [1, 0]
    assert field[:, 5, 1].tolist() == [0, -1]


def test_loss_is_the_mean_square_of_what_counts_summed_over_stages() -> None:
    target = PoseMaps(torch.zeros(1, 19, 2, 2), torch.zeros(1, 38, 2, 2))
    stage = PoseMaps(torch.full((1, 19, 2, 2), 2.0), torch.full((1, 38, 2, 2), 3.0))
    weight = torch.tensor([[[[1.0, 0], [1, 0]]]])
    assert float(pose_loss([stage], target, weight)) == pytest.approx((4 + 9) / 2)
    assert float(pose_loss([stage, target], target, weight)) == pytest.approx((4 + 9) / 2)
    assert float(pose_loss([stage], target, torch.zeros(1, 1, 2, 2))) == 0
