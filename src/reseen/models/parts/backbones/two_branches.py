"""A ResNet whose later stages are there twice: two branches with weights of their own on a shared trunk."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from types import MethodType
from typing import Annotated, Any, Literal

import timm
import torch
from pydantic import AfterValidator
from timm.models.resnet import ResNet
from torch import Tensor, nn

from reseen.models.parts.backbones.backbone import Backbone, BackboneName, StridePlacement, remove_last_stride

_PART = "part."


def _is_resnet(name: str) -> str:
    if timm.models.model_entrypoint(name.partition(".")[0]).__module__ != ResNet.__module__:
        raise ValueError(f"{name!r} is no ResNet, whose third stage the branches divide; name one such as resnet50")
    return name


ResNetName = Annotated[BackboneName, AfterValidator(_is_resnet)]
"""Name of one of timm's ResNets in a configuration."""


class Branch(nn.Module):
    """What follows res_conv4_1: the other blocks of the third stage, and the fourth.

    Args:
        net: The ResNet it is a copy of, weights included.
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.layer3 = deepcopy(net.layer3[1:])
        self.layer4 = deepcopy(net.layer4)

    def forward(self, shared: Tensor) -> Tensor:
        """Maps what the trunk gives (B, Z', h, w) to features (B, Z, h, w)."""
        features: Tensor = self.layer4(self.layer3(shared))
        return features

    def restart(self, net: Any) -> None:
        """Copies the weights of the ResNet again."""
        self.layer3.load_state_dict(net.layer3[1:].state_dict())
        self.layer4.load_state_dict(net.layer4.state_dict())


class TwoBranchBackbone(Backbone):
    """ResNet shared up to res_conv4_1; from res_conv4_2 on a global and a part branch (IVA, section III.B).

    Trunk and global branch are the ResNet itself, ``net``; the part branch, ``part``, is a copy that does not halve the
    map in its last stage. Weights for a ResNet start both branches, those of a checkpoint that has two start each.

    Args:
        name: Any of timm's ResNets.
        last_stride: Of the global branch; the part branch's is 1.
        stride_in: See `Backbone`.

    Attributes:
        channels: Z, channels of both maps.
    """

    def __init__(self, name: str, *, last_stride: Literal[1, 2] = 2, stride_in: StridePlacement = "conv2") -> None:
        super().__init__(name, last_stride=last_stride, stride_in=stride_in)
        self.part = Branch(self.net)
        remove_last_stride(self.part)

    def branches(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Maps images (B, 3, H, W) to the features of the global (B, Z, h, w) and the part branch (B, Z, h', w')."""
        net = self.net
        stem = net.maxpool(net.act1(net.bn1(net.conv1(images))))
        shared = net.layer3[0](net.layer2(net.layer1(stem)))
        return net.layer4(net.layer3[1:](shared)), self.part(shared)

    def compile(self, *args: Any, **options: Any) -> None:
        """Compiles `branches`, which is called in the place of the module itself."""
        branches = MethodType(type(self).branches, self)  # as it was, however often this is asked for
        self.branches = torch.compile(branches, *args, **options)  # type: ignore[method-assign]

    def start(self, weights: Mapping[str, Tensor], beside: Mapping[str, Tensor]) -> None:
        super().start(weights, beside)
        own = {key.removeprefix(_PART): value for key, value in beside.items() if key.startswith(_PART)}
        if own.keys() == self.part.state_dict().keys():
            self.part.load_state_dict(own)
        else:
            self.part.restart(self.net)
