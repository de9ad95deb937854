"""Inception blocks."""

from __future__ import annotations

import torch
from torch import nn

from reseen.models.parts.backbones.inception import PoolingInception, ResidualInception


def test_residual_block_adds_to_what_comes_in() -> None:
    torch.manual_seed(0)
    block = ResidualInception(8, 4).eval()
    features = torch.rand(2, 8, 6, 4)
    assert block(features).shape == features.shape
    nn.init.zeros_(block.together.weight)
    nn.init.constant_(block.together.bias, -0.5)
    torch.testing.assert_close(block(features), (features - 0.5).relu())


def test_pooling_block_halves_and_ends_in_the_pooled_map() -> None:
    torch.manual_seed(0)
    block = PoolingInception(8, 14, 4).eval()
    features = torch.rand(2, 8, 6, 4)
    halved = block(features)
    assert halved.shape == (2, 14, 3, 2)
    torch.testing.assert_close(halved[:, -8:], nn.functional.max_pool2d(features, 3, 2, 1))


def test_number_of_weights() -> None:
    """Convolutions and two numbers a channel of batch norm."""
    one = 8 * 4 + 2 * 4
    three = 4 * 4 * 9 + 2 * 4
    assert sum(p.numel() for p in ResidualInception(8, 4).parameters()) == 3 * one + 3 * three + 12 * 8 + 8
    last = 4 * 3 * 9 + 2 * 3
    assert sum(p.numel() for p in PoolingInception(8, 14, 4).parameters()) == 2 * one + three + 2 * last
