"""Any timm model as a backbone: an image goes in, one feature map comes out."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import timm
import torch
from pydantic import AfterValidator
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.layers.blur_pool import BlurPool2d
from timm.models import EfficientNet, group_parameters
from timm.models.resnet import Bottleneck, ResNet
from torch import Tensor, nn

from reseen.checkpoint_files import CONFIG, MODEL_FILE, read_config
from reseen.errors import ReseenError, closest
from reseen.models.parts.backbones import googlenet, lite0, osnet  # noqa: F401 - timm knows them by this
from reseen.models.parts.backbones.mix_style import MixStyle

StridePlacement = Literal["conv1", "conv2"]


def _known(name: str) -> str:
    """Returns the name of a model that is timm's own; ``hf-hub:…`` and ``local-dir:…`` reach for other places."""
    if not re.fullmatch(r"[\w.]+", name, re.ASCII) or not timm.is_model(name):
        near = closest(name, timm.list_models(), cutoff=0.6)
        raise ValueError(f"timm has no model {name!r}" + (f"; near: {', '.join(near)}" if near else ""))
    return name


BackboneName = Annotated[str, AfterValidator(_known)]
"""Name of a timm model in a configuration; never a place in the network or on disk."""

_OWN = "backbone."
"""How the names of its backbone's weights begin in a checkpoint."""
_NET = "net."
"""How those of the timm model begin among them."""

# Transformers fix their input size unless told otherwise; other families do not know these options.
_ANY_INPUT_SIZE: tuple[dict[str, Any], ...] = (
    {"dynamic_img_size": True},
    {"strict_img_size": False},
    {},
)


class Backbone(nn.Module):
    """A timm model without its classifier.

    Args:
        name: Any timm model that has a feature map, such as ``resnet50``.
        last_stride: Stride of the last stage, 1 or 2, of ResNets; 1 doubles the map's height and width
            (Sun et al., PCB). None = 1 for ResNets, and other families as they are.
        stride_in: Where a bottleneck ResNet's stages halve the map: in the first 1x1 (``conv1``, the
            original, "v1") or in the 3x3 convolution (``conv2``, "v1.5", timm's). Weights fit only the
            placement they were trained with.
        stages: Only the first so many stages after the stem, of EfficientNets (MobileNetV2 is one for timm): the last
            ones know ImageNet's classes best and hold most of the weights. None = all.
        mix_style: Probability that a training batch passes `MixStyle` after each of the first two stages of a ResNet.

    Attributes:
        channels: Z, channels of the feature map.
        stride_in: As above.
        left_out: Names of the model's weights that belong to stages that it does without.

    Raises:
        ReseenError: If timm has no such model, or an option does not apply to it.
    """

    def __init__(
        self,
        name: str,
        *,
        last_stride: Literal[1, 2] | None = None,
        stride_in: StridePlacement = "conv2",
        mix_style: float = 0.0,
        stages: int | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.stride_in = stride_in
        self.net = _create(name)
        self.left_out = _keep_stages(name, self.net, stages)
        self.channels = int(self.net.num_features)
        self._frozen: tuple[nn.Module, ...] = ()
        if isinstance(self.net, ResNet):
            if stride_in == "conv1":
                _move_strides_to_conv1(name, self.net)
            if last_stride != 2:
                remove_last_stride(self.net)
            if mix_style:
                self.mix_style = MixStyle(mix_style)
                for stage in ("layer1", "layer2"):
                    # A hook, and no module in between: the weights keep their names.
                    self.net.get_submodule(stage).register_forward_hook(self._mix)
        elif last_stride is not None or stride_in != "conv2" or mix_style:
            raise ReseenError(f"last_stride, stride_in and mix_style apply to ResNets, not to {name!r}; leave them out")

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (B, 3, H, W) to features (B, Z, h, w).

        Raises:
            ReseenError: If the model gives no feature map.
        """
        features: Tensor = self.net.forward_features(images)
        if features.ndim == 3 and hasattr(self.net, "patch_embed"):  # (B, tokens, Z)
            patches = features[:, getattr(self.net, "num_prefix_tokens", 0) :]
            height, width = self.net.patch_embed.dynamic_feat_size(images.shape[-2:])
            features = patches.reshape(len(patches), height, width, -1).permute(0, 3, 1, 2)
        elif features.ndim == 4 and getattr(self.net, "output_fmt", "NCHW") == "NHWC":
            features = features.permute(0, 3, 1, 2)
        if features.ndim != 4 or features.shape[1] != self.channels:
            raise ReseenError(f"{self.name!r} gives {tuple(features.shape)}, no feature map; choose another backbone")
        return features

    @property
    def stem_channels(self) -> int:
        """Channels of the map that `with_stem` gives.

        Raises:
            ReseenError: If timm lists no maps of the model.
        """
        return int(self._first_map["num_chs"])

    @property
    def _first_map(self) -> Mapping[str, Any]:
        for listed in getattr(self.net, "feature_info", ()):
            return dict(listed)
        raise ReseenError(f"timm lists no feature maps of {self.name!r}; choose another backbone")

    def with_stem(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Maps images (B, 3, H, W) to features (B, Z, h, w) and the map they begin with, (B, `stem_channels`, h', w').

        That is the one of the first 7x7 convolution in a ResNet or GoogLeNet, before any pooling.

        Raises:
            ReseenError: If the model gives no feature map, or begins with none.
        """
        caught: list[Tensor] = []
        layer = self.net.get_submodule(self._first_map["module"])
        hook = layer.register_forward_hook(lambda module, inputs, output: caught.append(output))
        try:
            features = self(images)
        finally:
            hook.remove()
        (stem,) = caught
        if stem.ndim != 4 or stem.shape[1] != self.stem_channels:
            raise ReseenError(f"{self.name!r} begins with {tuple(stem.shape)}, no feature map; choose another backbone")
        return features, stem

    def _mix(self, module: nn.Module, inputs: tuple[Tensor, ...], features: Tensor) -> Tensor:
        mixed: Tensor = self.mix_style(features)
        return mixed

    def start(self, weights: Mapping[str, Tensor], beside: Mapping[str, Tensor]) -> None:
        """Takes over weights that fit; a backbone with more than one net has more to do.

        Args:
            weights: Of the timm model, in timm's names.
            beside: What the backbone of a checkpoint has beside them.
        """
        self.net.load_state_dict(weights, strict=False)

    def freeze(self, stages: int) -> None:
        """Freezes the first stages: no gradients, and batch norms and dropout stay in eval mode.

        Args:
            stages: How many, counted from the stem, in timm's coarse grouping: 2 = stem and layer1 of a
                ResNet.

        Raises:
            ReseenError: If the model has fewer stages.
        """
        groups = group_parameters(self.net, self.net.group_matcher(coarse=True))
        if stages > len(groups):
            raise ReseenError(f"cannot freeze {stages} stages of {self.name!r}; it has {len(groups)}")
        frozen = {name for stage in sorted(groups)[:stages] for name in groups[stage]}
        for name, parameter in self.net.named_parameters():
            parameter.requires_grad_(name not in frozen)
        self._frozen = tuple(module for module in self.net.modules() if _is_frozen(module))
        self.train(self.training)

    def train(self, mode: bool = True) -> Backbone:
        """Switches to training mode, all but the frozen stages."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self


def load_weights(backbone: Backbone, path: str | Path) -> None:
    """Loads weights in timm's (= torchvision's) names, or those of a checkpoint's backbone; classifiers are ignored.

    Args:
        backbone: Where to.
        path: ``.safetensors``, a ``.pth`` of tensors only, or the folder of a checkpoint of any system. Half precision
            is read as float32.

    Raises:
        ReseenError: If the file is missing or unreadable, or does not fit the model.
    """
    path = Path(path)
    if path.is_dir():
        _check_strides(backbone, path)
    classifiers = backbone.net.pretrained_cfg.get("classifier") or "fc"  # one name, or several
    heads = tuple(f"{name}." for name in (classifiers if isinstance(classifiers, tuple | list) else [classifiers]))
    content = read_weights(path / MODEL_FILE if path.is_dir() else path)
    own = _below(_OWN, content)
    beside = {key: value for key, value in own.items() if not key.startswith(_NET)}
    stored = _below(_NET, own) or content
    unwanted = ("fc.", *heads)
    stored = {
        key: value for key, value in stored.items() if key not in backbone.left_out and not key.startswith(unwanted)
    }
    wanted = backbone.net.state_dict()
    problems = {
        # Counters of batches are of no use in weights that are only a start, and often left out.
        "missing": sorted(key for key in wanted.keys() - stored.keys() if not key.endswith("num_batches_tracked")),
        "unexpected": sorted(stored.keys() - wanted.keys()),
        "of another shape": sorted(k for k in wanted.keys() & stored.keys() if wanted[k].shape != stored[k].shape),
    }
    for problem, keys in problems.items():
        if keys:
            first = ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")
            raise ReseenError(
                f"{path} does not fit backbone {backbone.name!r}: {len(keys)} weights {problem} ({first}); "
                f"give weights of this model"
            )
    backbone.start(in_floats(stored), in_floats(beside))


def _check_strides(backbone: Backbone, checkpoint: Path) -> None:
    """Refuses weights that were learnt with strides in another place, which their shapes do not tell."""
    if not (checkpoint / CONFIG).is_file():
        return
    learnt = read_config(checkpoint).get("model", {}).get("stride_in", backbone.stride_in)
    if learnt != backbone.stride_in:
        raise ReseenError(
            f"{checkpoint} has learnt with stride_in: {learnt}, which its weights need here, too: set "
            f"model.stride_in={learnt}"
        )


def load_hub_weights(backbone: Backbone) -> None:
    """Loads timm's own pretrained weights (GoogLeNet: torchvision's), downloading them if they are not in a cache.

    Raises:
        ReseenError: If they cannot be had; ResNets on the hub are v1.5 (``stride_in: conv2``).
    """
    try:
        source = _create(backbone.name, pretrained=True)
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ReseenError(
            f"cannot get the hub's weights of {backbone.name!r} ({reason}); give a local file with --weights"
        ) from error
    backbone.start(source.state_dict(), {})


def hub_licence(name: str) -> str:
    """Returns the licence of the weights that `load_hub_weights` takes, as timm knows it; empty if it does not."""
    if name == lite0.packaged_lite0.__name__:
        return lite0.LICENCE
    found = timm.get_pretrained_cfg(name)
    return (found.license or "") if found else ""


def _below(prefix: str, content: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns what has names that begin so, without that beginning."""
    return {key.removeprefix(prefix): value for key, value in content.items() if key.startswith(prefix)}


def in_floats(content: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns weights in float32, whatever precision they were stored in; counters stay what they are."""
    return {key: value.float() if value.is_floating_point() else value for key, value in content.items()}


def _create(name: str, *, pretrained: bool = False) -> Any:  # timm's models share more than `nn.Module` declares
    try:
        _known(name)
    except ValueError as error:
        raise ReseenError(str(error)) from error
    for options in _ANY_INPUT_SIZE:
        try:
            net = timm.create_model(name, pretrained=pretrained, num_classes=0, global_pool="", **options)
        except TypeError:
            if not options:
                raise
            continue
        if not options or _takes_any_size(net):
            return net
    raise AssertionError("the last set of options is empty")


def _takes_any_size(net: Any) -> bool:
    """Whether an option took effect: some versions of timm swallow those that a family does not know."""
    embedding = getattr(net, "patch_embed", None)
    return getattr(net, "dynamic_img_size", False) or not getattr(embedding, "strict_img_size", False)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Returns the tensors of a ``.safetensors`` or ``.pth`` file by name.

    Raises:
        ReseenError: If it is missing or unreadable.
    """
    if not path.is_file():
        raise ReseenError(
            f"there is no weights file {path}; give an existing .safetensors or .pth file or a checkpoint"
        )
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
        content = content.get("state_dict", content)
        return {key: value for key, value in content.items() if isinstance(value, Tensor)}
    except (SafetensorError, pickle.UnpicklingError, OSError, RuntimeError, AttributeError, EOFError) as error:
        raise ReseenError(f"cannot read weights file {path}: {str(error).splitlines()[0]}") from error


def _keep_stages(name: str, net: Any, stages: int | None) -> frozenset[str]:
    """Takes all but the first stages off an EfficientNet, and returns the names of the weights that are gone."""
    if stages is None:
        return frozenset()
    if not isinstance(net, EfficientNet):
        raise ReseenError(f"stages applies to EfficientNets, not to {name!r}; leave it out")
    if stages > len(net.blocks):
        raise ReseenError(f"cannot keep {stages} stages of {name!r}; it has {len(net.blocks)}")
    before = frozenset(net.state_dict())
    net.blocks = net.blocks[:stages]
    net.conv_head, net.bn2 = nn.Identity(), nn.Identity()
    last: Any = net.blocks[-1]
    net.num_features = last[-1].feature_info("bottleneck")["num_chs"]
    return before - frozenset(net.state_dict())


def _move_strides_to_conv1(name: str, net: Any) -> None:
    for stage in (net.layer2, net.layer3, net.layer4):
        block = stage[0]
        if not isinstance(block, Bottleneck) or block.conv2.stride != (2, 2):
            raise ReseenError(f"{name!r} has no bottleneck with its stride in conv2; set stride_in to conv2")
        block.conv1.stride, block.conv2.stride = (2, 2), (1, 1)


def remove_last_stride(net: Any) -> None:
    """Sets every stride of the last stage to 1, wherever this variant has it."""
    for name, module in list(net.layer4[0].named_modules()):
        if isinstance(module, nn.Conv2d):
            module.stride = (1, 1)
        elif isinstance(module, nn.AvgPool2d | BlurPool2d):  # ResNet-D's shortcut, ResNeSt's and blur ResNets' stride
            net.layer4[0].set_submodule(name, nn.Identity())


def _is_frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
