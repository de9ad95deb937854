"""Crops pixel by pixel."""

from __future__ import annotations

import torch

from reseen.pose.crops import crop, place_back


def picture() -> torch.Tensor:
    """Returns (1, 1, 4, 6) whose values are 1 + 10 y + x."""
    rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(6.0), indexing="ij")
    return (1 + 10 * rows + columns)[None, None]


def test_the_whole_picture_is_the_picture() -> None:
    whole = crop(picture(), torch.tensor([[-0.5, -0.5, 5.5, 3.5]]), (4, 6))
    torch.testing.assert_close(whole, picture())


def test_a_part_of_it_is_cut_out() -> None:
    part = crop(picture(), torch.tensor([[1.5, 0.5, 3.5, 2.5]]), (2, 2))
    torch.testing.assert_close(part, picture()[:, :, 1:3, 2:4])


def test_between_pixels_values_are_mixed() -> None:
    half = crop(picture(), torch.tensor([[2.0, 0.5, 4.0, 2.5]]), (2, 2))
    torch.testing.assert_close(half, picture()[:, :, 1:3, 2:4] + 0.5)


def test_outside_is_nothing_and_the_border_is_not_faded() -> None:
    wide = crop(picture(), torch.tensor([[-2.5, -0.5, 5.5, 3.5]]), (4, 8))
    assert not wide[..., :2].any()
    torch.testing.assert_close(wide[..., 2:], picture())
    fine = crop(picture(), torch.tensor([[-0.5, -0.5, 5.5, 3.5]]), (8, 12))
    assert float(fine[0, 0, 0, 0]) == 1


def test_every_image_has_its_own_box() -> None:
    boxes = torch.tensor([[-0.5, -0.5, 1.5, 1.5], [3.5, 1.5, 5.5, 3.5]])
    both = crop(picture().expand(2, 3, -1, -1), boxes, (2, 2))
    assert both.shape == (2, 3, 2, 2)
    torch.testing.assert_close(both[0, 0], picture()[0, 0, :2, :2])
    torch.testing.assert_close(both[1, 2], picture()[0, 0, 2:, 4:])


def test_gradients_reach_the_image() -> None:
    image = picture().requires_grad_()
    crop(image, torch.tensor([[1.5, 0.5, 3.5, 2.5]]), (2, 2)).sum().backward()
    assert image.grad is not None
    assert image.grad.sum() == 4


def test_maps_go_back_to_where_their_crops_were() -> None:
    boxes = torch.tensor([[1.5, -0.5, 3.5, 1.5]])  # columns 2 and 3 of rows 0 and 1
    cut = crop(picture(), boxes, (2, 2))[:, 0]
    placed, covered = place_back(cut, boxes, (4, 6), (4, 6))
    expected = torch.zeros(4, 6)
    expected[:2, 2:4] = picture()[0, 0, :2, 2:4]
    torch.testing.assert_close(placed[0], expected)
    assert torch.equal(covered[0], expected > 0)


def test_of_a_box_that_leaves_the_picture_what_is_inside_goes_back() -> None:
    boxes = torch.tensor([[-2.5, -0.5, 1.5, 3.5]])
    placed, covered = place_back(torch.arange(4.0).expand(1, 4, 4), boxes, (4, 6), (4, 6))
    torch.testing.assert_close(placed[0], torch.tensor([2.0, 3, 0, 0, 0, 0]).expand(4, 6))
    assert covered[0, 0].tolist() == [True, True, False, False, False, False]
