"""Class activation maps, scaling and thresholds against hand-made maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reseen.models.parts.attention.cam import (
    class_activation_maps,
    keep_strong,
    mean_std_threshold,
    min_max_scale,
    otsu_threshold,
    stretch,
)


def test_class_activation_map_by_hand() -> None:
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, -1.0]]]])  # (1, 2, 2, 2)
    weights = torch.tensor([[[2.0, 10.0], [0.0, -1.0]]])  # two classifiers
    maps = class_activation_maps(features, weights)
    assert maps.tolist() == [[[[2.0, 14.0], [6.0, -2.0]], [[0.0, -1.0], [0.0, 1.0]]]]


def test_scaling_looks_only_inside() -> None:
    maps = torch.tensor([[9.0, 9.0], [1.0, 3.0], [2.0, 5.0]])
    inside = torch.tensor([[False], [True], [True]])
    assert min_max_scale(maps, inside).tolist() == [[0.0, 0.0], [0.0, 0.5], [0.25, 1.0]]
    assert min_max_scale(maps).amax() == 1


def test_a_flat_map_scales_to_zero() -> None:
    maps = torch.full((2, 3, 4), 7.0, requires_grad=True)
    scaled = min_max_scale(maps)
    scaled.square().sum().backward()
    assert scaled.eq(0).all()
    assert maps.grad is not None
    assert maps.grad.isfinite().all()


def test_threshold_by_hand() -> None:
    maps = torch.tensor([[[0.0, 0.0], [0.5, 1.0]]])
    # mean .375, std = sqrt((2·.375² + .125² + .625²) / 4) = .41458
    assert mean_std_threshold(maps).item() == pytest.approx(0.375 + 0.5 * 0.414578, abs=1e-5)
    assert keep_strong(maps).tolist() == [[[0.0, 0.0], [0.0, 1.0]]]


def test_kept_values_carry_gradient_and_the_threshold_does_not() -> None:
    maps = torch.tensor([[[0.1, 0.2], [0.8, 1.0]]], requires_grad=True)
    keep_strong(maps).sum().backward()
    assert maps.grad is not None
    assert maps.grad.tolist() == [[[0.0, 0.0], [1.0, 1.0]]]


def test_otsu_equals_trying_every_threshold() -> None:
    rng = np.random.default_rng(0)
    maps = rng.beta(0.6, 1.2, (20, 6, 4)).astype(np.float32)
    expected = []
    for values in maps.reshape(20, -1).astype(np.float64):
        scores = {}
        for threshold in np.sort(values)[:-1]:
            above = values > threshold
            scores[threshold] = above.mean() * (1 - above.mean()) * (values[above].mean() - values[~above].mean()) ** 2
        expected.append(max(scores, key=scores.__getitem__))
    np.testing.assert_allclose(otsu_threshold(torch.from_numpy(maps)).numpy(), expected, rtol=1e-6)


def test_otsu_separates_two_groups() -> None:
    maps = torch.tensor([[[0.0, 0.1, 0.9], [0.05, 1.0, 0.95]]])
    assert keep_strong(maps, "otsu").gt(0).tolist() == [[[False, False, True], [False, True, True]]]


@pytest.mark.parametrize("method", ["mean_std", "otsu"])
def test_of_a_flat_map_nothing_is_kept(method: str) -> None:
    assert keep_strong(torch.zeros(2, 4, 3), method).eq(0).all()


def test_stretching_keeps_the_mean() -> None:
    assert stretch(torch.tensor([[1.0, 4.0]]), (2, 3)).tolist() == [[1.0, 2.5, 4.0], [1.0, 2.5, 4.0]]
    maps = torch.randn(2, 3, 4, 2)
    assert stretch(maps, (4, 2)).equal(maps)
    torch.testing.assert_close(stretch(maps, (8, 4)), maps.repeat_interleave(2, 2).repeat_interleave(2, 3))
    torch.testing.assert_close(stretch(maps, (7, 3)).mean((2, 3)), maps.mean((2, 3)))
