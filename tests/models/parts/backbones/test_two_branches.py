"""Two branches on one trunk: strides, weights of their own, one start."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from reseen.models.initial import initialise
from reseen.models.parts.backbones.backbone import Backbone, load_weights
from reseen.models.parts.backbones.two_branches import TwoBranchBackbone


@pytest.mark.parametrize(
    ("name", "options", "whole"),
    [("resnet26", {}, (3, 1)), ("resnet26", {"stride_in": "conv1"}, (3, 1)), ("resnet18d", {"last_stride": 1}, (6, 2))],
)
def test_only_the_global_branch_halves(name: str, options: dict[str, object], whole: tuple[int, int]) -> None:
    backbone = TwoBranchBackbone(name, **options).eval()
    with torch.no_grad():
        features, parts = backbone.branches(torch.zeros(1, 3, 96, 32))
    assert features.shape == (1, backbone.channels, *whole)
    assert parts.shape == (1, backbone.channels, 6, 2)


def test_v1_strides_of_both_branches() -> None:
    backbone = TwoBranchBackbone("resnet26", stride_in="conv1")
    assert backbone.net.layer3[0].conv1.stride == backbone.net.layer4[0].conv1.stride == (2, 2)
    assert {module.stride for module in backbone.part.modules() if isinstance(module, nn.Conv2d)} == {
        (1, 1)
    }  # res_conv4_1, which halves, is the trunk's


def test_branches_start_equal_and_are_learnt_apart() -> None:
    """With the stride back in its place the part branch is the global one; and no parameter is shared."""
    torch.manual_seed(0)
    backbone = TwoBranchBackbone("resnet18", last_stride=1).eval()
    image = torch.rand(2, 3, 64, 32)
    whole, parts = backbone.branches(image)
    torch.testing.assert_close(whole, parts)
    torch.testing.assert_close(whole, backbone(image))
    own = [parameter.data_ptr() for parameter in backbone.parameters()]
    assert len(set(own)) == len(own)
    parts.sum().backward()
    assert backbone.net.layer4[0].downsample[0].weight.grad is None
    assert backbone.part.layer4[0].downsample[0].weight.grad.abs().sum() > 0
    assert backbone.net.layer3[0].downsample[0].weight.grad.abs().sum() > 0  # the trunk learns from both


@pytest.mark.long
def test_both_branches_are_compiled() -> None:
    """By a compiler that only looks: it sees one graph, and the maps are what they were."""
    torch.manual_seed(0)
    backbone, images, seen = TwoBranchBackbone("test_resnet").eval(), torch.rand(2, 3, 64, 32), []
    expected = backbone.branches(images)
    for _ in range(2):  # as every phase does
        backbone.compile(dynamic=False, backend=lambda graph, inputs: seen.append(graph) or graph.forward)
    found = backbone.branches(images)
    assert len(seen) == 1
    torch.testing.assert_close(found, expected)


def test_weights_of_one_net_start_both_branches(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source = Backbone("resnet18", last_stride=2)
    expected = source.half().net.state_dict()
    save_file(expected, tmp_path / "weights.safetensors")
    backbone = TwoBranchBackbone("resnet18")
    load_weights(backbone, tmp_path / "weights.safetensors")
    for key, value in backbone.part.state_dict().items():
        assert value.equal(expected[key].to(value)), key
    assert {parameter.dtype for parameter in backbone.parameters()} == {torch.float32}


def test_a_checkpoint_with_two_branches_starts_each(tmp_path: Path) -> None:
    torch.manual_seed(0)
    trained, model = nn.Module(), nn.Module()
    trained.backbone, model.backbone = TwoBranchBackbone("resnet18"), TwoBranchBackbone("resnet18")
    nn.init.normal_(trained.backbone.part.layer4[0].conv1.weight)
    save_file(trained.state_dict(), tmp_path / "model.safetensors")
    initialise(model, "backbone", str(tmp_path))
    for key, value in trained.state_dict().items():
        assert model.state_dict()[key].equal(value), key
    plain = Backbone("resnet18")
    load_weights(plain, tmp_path)  # which takes the global branch
    assert plain.net.layer4[0].conv1.weight.equal(trained.backbone.net.layer4[0].conv1.weight)
