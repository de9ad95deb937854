"""The basic residual block."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reseen.models.parts.backbones.residual import ResidualBlock


@pytest.mark.parametrize(("in_channels", "channels", "stride"), [(4, 4, 1), (4, 6, 1), (4, 4, 2), (4, 6, 2)])
def test_shape(in_channels: int, channels: int, stride: int) -> None:
    block = ResidualBlock(in_channels, channels, stride)
    assert block(torch.rand(2, in_channels, 9, 4)).shape == (2, channels, -(-9 // stride), 4 // stride)
    assert isinstance(block.shortcut, nn.Identity) == (in_channels == channels and stride == 1)


def test_without_convolutions_the_way_around_is_left() -> None:
    block = ResidualBlock(3, 3).eval()
    nn.init.zeros_(block.convolutions[-1].weight)
    features = torch.randn(2, 3, 5, 5)
    torch.testing.assert_close(block(features), features.relu())
