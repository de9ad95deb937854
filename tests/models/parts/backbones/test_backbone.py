"""Backbones by name, their strides, frozen stages and local weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from reseen.errors import ReseenError
from reseen.models.checkpoint import save
from reseen.models.embedder import EmbedderConfig
from reseen.models.ide import IDE, IDEConfig
from reseen.models.parts.backbones.backbone import Backbone, load_weights


@pytest.mark.parametrize(
    ("name", "last_stride", "shape"),
    [
        ("resnet18", None, (512, 6, 2)),
        ("resnet18", 1, (512, 6, 2)),
        ("resnet18", 2, (512, 3, 1)),
        ("resnet18d", 1, (512, 6, 2)),  # its shortcut halves by average pooling
        ("resnetblur18", 1, (512, 6, 2)),  # halves by a blur
        ("convnext_atto", None, (320, 3, 1)),
        ("mobilenetv3_small_050", None, (288, 3, 1)),
        ("vit_tiny_patch16_224", None, (192, 6, 2)),  # tokens, with a class token
        ("swin_tiny_patch4_window7_224", None, (768, 3, 1)),  # NHWC
    ],
)
def test_any_timm_model_gives_a_map(name: str, last_stride: int | None, shape: tuple[int, int, int]) -> None:
    backbone = Backbone(name, last_stride=last_stride).eval()
    with torch.no_grad():
        assert backbone(torch.zeros(2, 3, 96, 32)).shape == (2, *shape)
    assert backbone.channels == shape[0]


def test_map_of_a_transformer_keeps_its_layout() -> None:
    """Disturbing the lower right corner changes that place of the map most."""
    torch.manual_seed(0)
    backbone = Backbone("vit_tiny_patch16_224").eval()
    image = torch.rand(1, 3, 96, 32)
    disturbed = image.clone()
    disturbed[:, :, -16:, -16:] = 3
    with torch.no_grad():
        change = (backbone(image) - backbone(disturbed)).norm(dim=1)[0]  # (6, 2)
    assert change.argmax() == change.numel() - 1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("resnet5", {}, "no model 'resnet5'; near: resnet"),
        ("convnext_atto", {"last_stride": 1}, "apply to ResNets, not to 'convnext_atto'"),
        ("convnext_atto", {"stride_in": "conv1"}, "apply to ResNets, not to 'convnext_atto'"),
        ("convnext_atto", {"mix_style": 0.5}, "apply to ResNets, not to 'convnext_atto'"),
        ("resnet18", {"stride_in": "conv1"}, "'resnet18' has no bottleneck"),
        ("resnet18", {"stages": 2}, "stages applies to EfficientNets, not to 'resnet18'"),
        ("test_efficientnet", {"stages": 9}, "cannot keep 9 stages of 'test_efficientnet'; it has"),
    ],
)
def test_wrong_options(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        Backbone(name, **options)


def test_model_without_a_map() -> None:
    backbone = Backbone("resmlp_12_224").eval()
    with pytest.raises(ReseenError, match=r"'resmlp_12_224' gives .* no feature map"), torch.no_grad():
        backbone(torch.zeros(1, 3, 224, 224))


def test_stride_placement() -> None:
    with torch.device("meta"):
        v1, v15 = (Backbone("resnet50", stride_in=place, last_stride=2).net for place in ("conv1", "conv2"))
        pcb = Backbone("resnet50", stride_in="conv1", last_stride=1).net
    for stage in ("layer2", "layer3", "layer4"):
        first_v1, first_v15 = getattr(v1, stage)[0], getattr(v15, stage)[0]
        assert (first_v1.conv1.stride, first_v1.conv2.stride) == ((2, 2), (1, 1))
        assert (first_v15.conv1.stride, first_v15.conv2.stride) == ((1, 1), (2, 2))
    last = pcb.layer4[0]
    assert {last.conv1.stride, last.conv2.stride, last.downsample[0].stride} == {(1, 1)}
    assert pcb.layer3[0].conv1.stride == (2, 2)


def test_frozen_stages_stay_as_they_are() -> None:
    backbone = Backbone("resnet18")
    backbone.freeze(2)  # stem and layer1
    before = {name: value.clone() for name, value in backbone.net.state_dict().items()}
    backbone.train()
    backbone(torch.rand(2, 3, 64, 32)).sum().backward()
    frozen = {name for name, parameter in backbone.net.named_parameters() if not parameter.requires_grad}
    assert {name.split(".")[0] for name in frozen} == {"conv1", "bn1", "layer1"}
    assert all(parameter.grad is None for name, parameter in backbone.net.named_parameters() if name in frozen)
    moved = {name.split(".")[0] for name, value in backbone.net.state_dict().items() if not value.equal(before[name])}
    assert moved == {"layer2", "layer3", "layer4"}  # running statistics
    backbone.freeze(0)
    assert all(parameter.requires_grad for parameter in backbone.parameters())
    assert all(module.training for module in backbone.modules())


def test_cannot_freeze_more_than_there_is() -> None:
    with pytest.raises(ReseenError, match="cannot freeze 9 stages of 'resnet18'; it has 5"):
        Backbone("resnet18").freeze(9)


@pytest.fixture(scope="module")
def resnet18() -> dict[str, Tensor]:
    torch.manual_seed(1)
    weights = timm.create_model("resnet18").state_dict()
    return {name: value.half() if value.ndim == 4 else value for name, value in weights.items()}


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_load_from_a_file(tmp_path: Path, resnet18: dict[str, Tensor], suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    stored = {name: value for name, value in resnet18.items() if not name.endswith("num_batches_tracked")}
    save_file(stored, path) if suffix == ".safetensors" else torch.save({"state_dict": stored}, path)
    backbone = Backbone("resnet18")
    load_weights(backbone, path)
    loaded = backbone.net.state_dict()
    assert loaded["conv1.weight"].dtype == torch.float32
    for name in ("conv1.weight", "layer4.1.conv2.weight", "bn1.running_var"):
        assert loaded[name].equal(stored[name].float())


def test_the_backbone_of_a_checkpoint_is_a_start(tmp_path: Path) -> None:
    torch.manual_seed(2)
    trained = IDE(IDEConfig(backbone="resnet18", num_identities=3))
    save(tmp_path / "last", trained, EmbedderConfig(size=(64, 32)), card="card")
    backbone = Backbone("resnet18")
    load_weights(backbone, tmp_path / "last")
    wanted = trained.backbone.net.state_dict()
    assert all(value.equal(wanted[name]) for name, value in backbone.net.state_dict().items())
    with pytest.raises(ReseenError, match=r"does not fit backbone 'resnet34'"):
        load_weights(Backbone("resnet34"), tmp_path / "last")


def test_a_checkpoint_with_strides_elsewhere_is_no_start(tmp_path: Path) -> None:
    trained = IDE(IDEConfig(backbone="resnet50", num_identities=3, stride_in="conv1"))
    save(tmp_path / "last", trained, EmbedderConfig(size=(64, 32)), card="card")
    with pytest.raises(ReseenError, match=r"last has learnt with stride_in: conv1.* set model.stride_in=conv1"):
        load_weights(Backbone("resnet50"), tmp_path / "last")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer1.0.conv1.weight": None, "bn1.weight": None}, r"2 weights missing \(bn1.weight, layer1.0.conv1.weight"),
        ({"extra.weight": torch.zeros(1)}, r"1 weights unexpected \(extra.weight\)"),
        ({"conv1.weight": torch.zeros(64, 1, 7, 7)}, r"1 weights of another shape \(conv1.weight\)"),
    ],
)
def test_weights_that_do_not_fit(
    tmp_path: Path, resnet18: dict[str, Tensor], change: dict[str, Tensor | None], message: str
) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({name: value for name, value in (resnet18 | change).items() if value is not None}, path)
    with pytest.raises(ReseenError, match=message):
        load_weights(Backbone("resnet18"), path)


@pytest.mark.parametrize("name", ["gone.safetensors", "broken.safetensors", "broken.pth"])
def test_weights_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"not weights")
    with pytest.raises(ReseenError, match=name):
        load_weights(Backbone("resnet18"), tmp_path / name)


@pytest.mark.shared
def test_imagenet_weights_need_v1_strides(shared: Path) -> None:
    """Spec README, weights: with v1 strides class 285 has .89 on skimage's cat and 967 .996 on its coffee."""
    skimage_data = pytest.importorskip("skimage.data")
    path = shared / "weights" / "resnet50_imagenet_v1.safetensors"
    weights = load_file(path)
    pictures = torch.stack([_imagenet_input(skimage_data.cat()), _imagenet_input(skimage_data.coffee())])
    probabilities = {}
    for placement in ("conv1", "conv2"):
        backbone = Backbone("resnet50", last_stride=2, stride_in=placement).eval()
        load_weights(backbone, path)
        with torch.no_grad():
            pooled = backbone(pictures).mean((2, 3))
        table = (pooled @ weights["fc.weight"].float().T + weights["fc.bias"]).softmax(1)
        probabilities[placement] = [float(table[0, 285]), float(table[1, 967])]
    assert probabilities["conv1"] == pytest.approx([0.89, 0.996], abs=0.01)
    assert probabilities["conv2"][0] < 0.75
    assert probabilities["conv2"][1] < 0.95


def _imagenet_input(picture: np.ndarray) -> Tensor:
    """Resizes to 256x256, crops the central 224x224 and normalises."""
    resized = Image.fromarray(picture).resize((256, 256), Image.Resampling.BICUBIC).crop((16, 16, 240, 240))
    pixels = torch.from_numpy(np.asarray(resized).copy()).permute(2, 0, 1) / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (pixels - mean[:, None, None]) / std[:, None, None]


def test_stem_is_the_map_before_any_pooling() -> None:
    torch.manual_seed(0)
    backbone = Backbone("resnet18").eval()
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        features, stem = backbone.with_stem(images)
        torch.testing.assert_close(features, backbone(images))
        torch.testing.assert_close(stem, backbone.net.bn1(backbone.net.conv1(images)).relu())
    assert stem.shape == (2, backbone.stem_channels, 32, 16)


def test_some_models_begin_with_no_map() -> None:
    backbone = Backbone("vit_tiny_patch16_224").eval()
    with pytest.raises(ReseenError, match=r"begins with .*, no feature map"):
        backbone.with_stem(torch.zeros(1, 3, 64, 32))
    backbone.net.feature_info = []
    with pytest.raises(ReseenError, match="timm lists no feature maps of 'vit_tiny_patch16_224'"):
        _ = backbone.stem_channels


def test_the_first_stages_alone_start_from_weights_of_the_whole(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = timm.create_model("test_efficientnet").eval()
    save_file(whole.state_dict(), tmp_path / "whole.safetensors")
    backbone = Backbone("test_efficientnet", stages=2).eval()
    load_weights(backbone, tmp_path / "whole.safetensors")
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        expected = whole.blocks[:2](whole.bn1(whole.conv_stem(images)))
        torch.testing.assert_close(backbone(images), expected)
    assert backbone.channels == expected.shape[1]
    assert not any(name.startswith(("blocks.2", "conv_head")) for name in backbone.net.state_dict())
