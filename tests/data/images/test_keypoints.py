"""Joints move with their pictures: every number here is worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from reseen.data.images.keypoints import cover, keypoints_of, mirror, rescale, shift
from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18

NOSE, RIGHT_WRIST, LEFT_WRIST = (COCO18.joints.index(name) for name in ("nose", "right_wrist", "left_wrist"))


def person(**places: tuple[float, float, float]) -> torch.Tensor:
    """Returns one person's joints (1, 18, 3), those that are not named at 0."""
    points = torch.zeros(1, 18, 3)
    for name, place in places.items():
        points[0, COCO18.joints.index(name)] = torch.tensor(place)
    return points


def test_mirror_counts_from_the_other_side_and_swaps_left_and_right() -> None:
    flipped = mirror(person(nose=(0, 5, 1), right_wrist=(2.25, 7, 0.5), left_wrist=(9, 8, 0.25)), 10)[0]
    assert flipped[NOSE].tolist() == [9, 5, 1]
    assert flipped[LEFT_WRIST].tolist() == [6.75, 7, 0.5]
    assert flipped[RIGHT_WRIST].tolist() == [0, 8, 0.25]
    points = torch.rand(3, 18, 3)
    torch.testing.assert_close(mirror(mirror(points, 10), 10), points)


def test_rescale_keeps_edges_on_edges() -> None:
    """Twice as wide: the first pixel becomes pixels 0 and 1, and its centre lies between them."""
    points = person(nose=(0, 0, 1), right_wrist=(9, 19, 0.5))
    points = rescale(torch.cat([points, points]), torch.tensor([[20, 10], [40, 10]]), (10, 20))
    assert points[0, NOSE].tolist() == [0.5, -0.25, 1]
    assert points[0, RIGHT_WRIST].tolist() == [18.5, 9.25, 0.5]
    assert points[1, RIGHT_WRIST].tolist() == [18.5, 4.375, 0.5]
    same = person(nose=(3, 4, 1))
    assert torch.equal(rescale(same, torch.tensor([20, 10]), (20, 10)), same)


def test_shift_moves_and_forgets_what_leaves() -> None:
    points = person(nose=(0, 0, 1), right_wrist=(9, 19, 0.5), left_wrist=(5.4, 10, 0.25))
    moved = shift(points, torch.tensor([-1]), torch.tensor([4]), (20, 10))[0]
    assert moved[NOSE].tolist() == [4, -1, 0]
    assert moved[RIGHT_WRIST].tolist() == [13, 18, 0]
    torch.testing.assert_close(moved[LEFT_WRIST], torch.tensor([9.4, 9, 0.25]))  # still in the last pixel
    assert shift(points, torch.tensor([0]), torch.tensor([4.2]), (20, 10))[0, LEFT_WRIST, 2] == 0  # 9.6 is in the next


def test_cover_hides_what_lies_under_the_mask_and_no_more() -> None:
    mask = torch.zeros(1, 20, 10, dtype=torch.bool)
    mask[:, :6, :4] = True
    points = person(nose=(3.4, 5.4, 1), right_wrist=(3.6, 5, 0.5), left_wrist=(-1, -1, 0.25))
    covered = cover(points, mask)[0]
    assert torch.equal(covered[:, :2], points[0, :, :2])
    assert covered[[NOSE, RIGHT_WRIST, LEFT_WRIST], 2].tolist() == [0, 0.5, 0.25]
    assert points[0, NOSE, 2] == 1


def test_joints_of_pictures_fit_the_size_they_were_decoded_to() -> None:
    points = person(nose=(9, 19, 0.5))[0].numpy()
    images = [PersonImage(Path("a.png"), 1, 1, keypoints=points), PersonImage(Path("b.png"), 1, 1)]
    found = keypoints_of(images, np.array([[20, 10], [40, 40]]), (10, 20))
    assert found is not None
    assert found[0, NOSE].tolist() == [18.5, 9.25, 0.5]
    assert not found[1, :, 2].any(), "nobody knows where they are"
    assert keypoints_of(images[1:], np.array([[40, 40]]), (10, 20)) is None
    assert keypoints_of([], np.zeros((0, 2)), (10, 20)) is None
