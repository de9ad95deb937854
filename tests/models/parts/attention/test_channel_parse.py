"""The channel parse block: squeeze and excitation, by hand."""

from __future__ import annotations

import torch

from reseen.models.parts.attention.channel_parse import ChannelParseBlock


def test_weights_by_hand() -> None:
    torch.manual_seed(0)
    block = ChannelParseBlock(57)
    maps = torch.randn(2, 57, 6, 3)
    weighted, weights = block(maps)
    _, squeeze, _, excite, _ = block.weigh
    assert squeeze.weight.shape == (14, 57, 1, 1)
    hidden = (maps.mean((2, 3)) @ squeeze.weight[:, :, 0, 0].T + squeeze.bias).clamp(min=0)
    expected = 1 / (1 + torch.exp(-(hidden @ excite.weight[:, :, 0, 0].T + excite.bias)))
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(weighted, maps * expected[:, :, None, None])
    assert not torch.allclose(weights[0], weights[1])  # another picture, other weights


def test_few_channels() -> None:
    weighted, weights = ChannelParseBlock(3)(torch.zeros(1, 3, 2, 2))
    assert weighted.shape == (1, 3, 2, 2)
    assert weights.shape == (1, 3)
