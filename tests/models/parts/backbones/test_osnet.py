"""OSNet: the paper's table 1, and the pieces it is made of."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from reseen.errors import ReseenError
from reseen.models.parts.backbones.backbone import Backbone, load_hub_weights
from reseen.models.parts.backbones.osnet import AggregationGate, Lite3x3, OmniScaleBlock, OSNet


@pytest.mark.parametrize(("width", "millions", "multiply_adds"), [(1.0, 2.2, 978.9), (0.25, 0.2, 82.3)])
def test_size_is_that_of_the_papers_tables(width: float, millions: float, multiply_adds: float) -> None:
    """Tables 1 and 6 count 256×128 pictures, and the fully connected layer 512 → 512 that ours leaves to the head."""
    with torch.device("meta"):
        net = OSNet(width)
        images = torch.empty(1, 3, 256, 128)
        with FlopCounterMode(display=False) as counter:
            features = net.forward_features(images)
    fully_connected = net.num_features * 512
    assert features.shape == (1, int(512 * width), 16, 8)
    parameters = sum(each.numel() for each in net.parameters()) + fully_connected
    assert parameters / 1e6 == pytest.approx(millions, abs=0.05)
    assert (counter.get_total_flops() / 2 + fully_connected) / 1e6 == pytest.approx(multiply_adds, rel=0.01)


def test_streams_see_3_to_9_pixels() -> None:
    """A change of the middle pixel reaches as far as t Lite 3×3 do, and no further."""
    torch.manual_seed(0)
    block = OmniScaleBlock(8, 8).eval()
    before = torch.rand(1, 2, 15, 15)
    after = before.clone()
    after[..., 7, 7] += 1
    for t, stream in enumerate(block.streams, 1):
        for module in stream.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.uniform_(module.weight, 0.1, 1)
        rows = ((stream(after) - stream(before)).abs() > 1e-6).any(1)[0].any(1).nonzero().flatten()
        assert rows.tolist() == list(range(7 - t, 8 + t))


def test_gate_is_the_papers_formula() -> None:
    torch.manual_seed(0)
    gate = AggregationGate(32)
    features = torch.randn(2, 32, 4, 3)
    _, first, _, second, _ = gate.weigh
    hidden = (features.mean((2, 3)) @ first.weight.flatten(1).T + first.bias).relu()
    weights = torch.sigmoid(hidden @ second.weight.flatten(1).T + second.bias)
    torch.testing.assert_close(gate(features), weights[:, :, None, None] * features)
    assert hidden.shape == (2, 2)  # a sixteenth


def test_lite_convolution_mixes_channels_first() -> None:
    lite = Lite3x3(4, 6)
    first, second = lite[0], lite[1]
    assert (first.kernel_size, first.groups) == ((1, 1), 1)
    assert (second.kernel_size, second.groups) == ((3, 3), 6)


def test_it_is_a_backbone_like_any_other() -> None:
    backbone = Backbone("osnet_x0_25")
    images = torch.randn(2, 3, 64, 32)
    features, stem = backbone.with_stem(images)
    assert features.shape == (2, 128, 4, 2)
    assert stem.shape == (2, 16, 32, 16)
    backbone.freeze(2)
    free = {name.split(".")[1] for name, weight in backbone.named_parameters() if weight.requires_grad}
    assert free == {"conv3", "conv4", "conv5"}
    with pytest.raises(ReseenError, match="no weights to download"):
        load_hub_weights(backbone)
