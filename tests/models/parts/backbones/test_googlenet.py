"""GoogLeNet as timm's models are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import GoogLeNet as TorchvisionGoogLeNet

from reseen.models.parts.backbones.backbone import Backbone, load_weights


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    return Backbone("googlenet").eval()


def test_map_is_torchvisions_from_a_file_with_classifiers(backbone: Backbone, tmp_path: Path) -> None:
    """Torchvision's own network, auxiliary classifiers and conversion of the input included, ends in the same."""
    torch.manual_seed(1)
    theirs = TorchvisionGoogLeNet(aux_logits=True, transform_input=True, init_weights=False).eval()
    torch.save(theirs.state_dict(), tmp_path / "googlenet.pth")
    load_weights(backbone, tmp_path / "googlenet.pth")
    seen: list[torch.Tensor] = []
    theirs.inception5b.register_forward_hook(lambda module, inputs, output: seen.append(output))
    images = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        theirs(images)
        torch.testing.assert_close(backbone(images), seen[0])
    assert seen[0].shape == (2, backbone.channels, 3, 2)


def test_stem_is_the_map_of_the_first_convolution(backbone: Backbone) -> None:
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        features, stem = backbone.with_stem(images)
        torch.testing.assert_close(features, backbone(images))
        torch.testing.assert_close(stem, backbone.net.conv1(backbone.net._transform_input(images)))
    assert stem.shape == (2, backbone.stem_channels, 32, 16)


def test_stages_freeze_from_the_stem_on() -> None:
    backbone = Backbone("googlenet")
    backbone.freeze(2)
    free = {name.split(".")[1][:10] for name, weight in backbone.named_parameters() if weight.requires_grad}
    assert free == {"inception4", "inception5"}
