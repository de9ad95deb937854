"""OSNet (Zhou, Yang, Cavallaro, Xiang: Omni-Scale Feature Learning, ICCV 2019), as models that timm can make."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from timm.models import register_model
from torch import Tensor, nn

from reseen.errors import ReseenError

_STREAMS = 4
"""T (section 3.2): the widest stream sees 9×9."""
_GATE_REDUCTION = 16
_CHANNELS = (64, 256, 384, 512)
"""Of the stem and of the three stages (table 1)."""


class Lite3x3(nn.Sequential):
    """A 3×3 convolution in two (section 3.1): 1×1 from channel to channel, then 3×3 in each channel by itself.

    Args:
        in_channels: Channels that come in.
        channels: Channels that go out.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, channels, kernel_size=1, bias=False),
            nn.Conv2d(channels, channels, kernel_size=3, padding=1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )


class AggregationGate(nn.Module):
    """G (section 3.2, "unified aggregation gate"): a weight for each channel, which follows from the picture.

    Args:
        channels: Of the map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // _GATE_REDUCTION)
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, hidden, kernel_size=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, kernel_size=1),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Maps (B, c, h, w) to the same, each channel times its weight in (0, 1)."""
        weighted: Tensor = self.weigh(features) * features
        return weighted


class OmniScaleBlock(nn.Module):
    """y = x + Σ_t G(x^t) ⊙ x^t (equation 3): streams of 1 to T Lite 3×3 that share one gate, between two 1×1.

    Args:
        in_channels: Channels that come in.
        channels: Channels that go out; the streams have a quarter of them.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        width = channels // 4
        self.reduce = _pointwise(in_channels, width)
        self.streams = nn.ModuleList(
            nn.Sequential(*(Lite3x3(width, width) for _ in range(t))) for t in range(1, _STREAMS + 1)
        )
        self.gate = AggregationGate(width)
        self.expand = _pointwise(width, channels, relu=False)
        self.shortcut = nn.Identity() if in_channels == channels else _pointwise(in_channels, channels, relu=False)

    def forward(self, features: Tensor) -> Tensor:
        """Maps (B, c, h, w) to (B, c', h, w)."""
        reduced = self.reduce(features)
        scales = torch.stack([self.gate(stream(reduced)) for stream in self.streams]).sum(0)
        mapped: Tensor = self.expand(scales) + self.shortcut(features)
        return mapped.relu()


class OSNet(nn.Module):
    """The network of table 1 up to ``conv5``, without its last, fully connected layers, in the manner of timm's models.

    Args:
        width: β (section 4.1): factor on the channels everywhere.

    Attributes:
        num_features: Channels of the last map.
        feature_info: The first map, that of the 7×7 convolution.
        pretrained_cfg: Names of the classifiers of weights to start from: there are none.
    """

    pretrained_cfg: ClassVar[dict[str, Any]] = {"classifier": ()}

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        stem, *stages = (int(channels * width) for channels in _CHANNELS)
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, stem, kernel_size=7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(inplace=True),
        )
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        before = [stem, *stages]
        for number, (inside, channels) in enumerate(zip(before, stages, strict=False), 2):
            blocks: list[nn.Module] = [OmniScaleBlock(inside, channels), OmniScaleBlock(channels, channels)]
            if channels != stages[-1]:  # the transition to the next stage halves the map
                blocks += [_pointwise(channels, channels), nn.AvgPool2d(2, stride=2)]
            self.add_module(f"conv{number}", nn.Sequential(*blocks))
        self.conv5 = _pointwise(stages[-1], stages[-1])
        self.num_features = stages[-1]
        self.feature_info = ({"num_chs": stem, "reduction": 2, "module": "conv1"},)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward_features(self, images: Tensor) -> Tensor:
        """Maps normalised images (B, 3, H, W) to features (B, `num_features`, H/16, W/16)."""
        features = images
        for layer in self.children():  # in the order in which they are applied
            features = layer(features)
        return features

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Returns patterns of the weights' names by stage: the first convolution, then ``conv2`` to ``conv5``."""
        return {"stem": r"^conv1", "blocks": r"^conv([2-5])"}


def _pointwise(in_channels: int, channels: int, *, relu: bool = True) -> nn.Sequential:
    layers = [nn.Conv2d(in_channels, channels, kernel_size=1, bias=False), nn.BatchNorm2d(channels)]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


def _made(width: float, pretrained: bool) -> OSNet:
    if pretrained:
        raise ReseenError("this OSNet has no weights to download: leave out init.backbone")
    return OSNet(width)


# What timm says of classifier and pooling (`timm_options`) does not apply: there are none.


@register_model
def osnet_x1_0(pretrained: bool = False, **timm_options: Any) -> OSNet:
    """Returns the network of the paper."""
    return _made(1.0, pretrained)


@register_model
def osnet_x0_75(pretrained: bool = False, **timm_options: Any) -> OSNet:
    """Returns it with three quarters of the channels."""
    return _made(0.75, pretrained)


@register_model
def osnet_x0_5(pretrained: bool = False, **timm_options: Any) -> OSNet:
    """Returns it with half of the channels."""
    return _made(0.5, pretrained)


@register_model
def osnet_x0_25(pretrained: bool = False, **timm_options: Any) -> OSNet:
    """Returns it with a quarter of the channels."""
    return _made(0.25, pretrained)
