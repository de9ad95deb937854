"""Our own pose network: OpenPose's form (Cao et al. 2017), four stages, as wide or narrow as the machine allows.

VGG-19's first ten convolutions and two that narrow what they give are the first stage; in each of the three others two
streams see that and both streams' maps of the stage before: one gives 19 confidence maps, the other 38 fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reseen.checkpoint_files import CARD, CONFIG, MODEL_FILE, TRAIN_POSE, check_checkpoint
from reseen.data.images.size import Size
from reseen.data.images.transforms import normalize
from reseen.errors import ReseenError, one_line
from reseen.pose.maps import JOINTS, LIMBS, STRIDE, PoseMaps
from reseen.precision import runs_bfloat16
from reseen.provenance import weights_digest

_VGG = (64, 64, None, 128, 128, None, 256, 256, 256, 256, None, 512, 512)
"""Channels of VGG-19's first ten convolutions; None is a pooling that halves the size."""
_NARROWED = (256, 128)
_OUTPUT_DEVIATION = 0.01
"""Of the weights that maps begin with: nearly empty, as most of every map is."""
_REFINEMENTS = 5
"""Convolutions 7×7 in each stream of the stages after the first with streams."""


class PoseNetConfig(BaseModel):
    """The network's configuration.

    Attributes:
        width: Share of the channels of every hidden convolution; 1 takes VGG-19's weights.
        streams: Stages of two streams; 3 with the first stage, VGG, make the paper's four.
        kernel: Of the streams' convolutions from their second stage on; OpenPose has 7.
        batch_norm: Whether there is one after every convolution but a stream's last. OpenPose has none, and starts from
            VGG-19's weights; from random ones the network hardly learns without.
        size: (H, W) that crops are resized to.
        margin: Grey around them on each side, as a share of the size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: float = Field(1.0, gt=0, le=1)
    streams: int = Field(3, ge=1, le=6)
    kernel: int = Field(7, ge=3, le=9)
    batch_norm: bool = True
    size: Size = (192, 96)
    margin: float = Field(0, ge=0, le=0.5)

    @field_validator("size")
    @classmethod
    def _in_whole_cells(cls, size: tuple[int, int]) -> tuple[int, int]:
        if any(side % STRIDE for side in size):
            raise ValueError(f"sides are multiples of {STRIDE}, not {size[0]}x{size[1]}")
        return size

    @field_validator("kernel")
    @classmethod
    def _with_a_middle(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"a kernel is odd, not {kernel}: maps would grow from stage to stage")
        return kernel


class PoseNet(nn.Module):
    """VGG, then stages of two streams.

    Args:
        config: The configuration.
    """

    def __init__(self, config: PoseNetConfig) -> None:
        super().__init__()
        self.config = config
        wide = [None if channels is None else _scaled(channels, config.width) for channels in _VGG]
        norm = config.batch_norm
        self.vgg, channels = _vgg(wide, norm)
        narrowed = [_scaled(each, config.width) for each in _NARROWED]
        self.narrow = nn.Sequential(*_convolutions([channels, *narrowed], [3] * len(narrowed), norm))
        shared, hidden = narrowed[-1], _scaled(128, config.width)
        maps = (JOINTS + 1, 2 * len(LIMBS))
        first = ((shared, hidden, hidden, hidden, _scaled(512, config.width)), (3, 3, 3, 1))
        later = ((shared + sum(maps), *[hidden] * (_REFINEMENTS + 1)), (*[config.kernel] * _REFINEMENTS, 1))
        stages = [first, *[later] * (config.streams - 1)]
        self.confidence = nn.ModuleList([_stream(*stage, maps[0], norm) for stage in stages])
        self.affinity = nn.ModuleList([_stream(*stage, maps[1], norm) for stage in stages])
        self.apply(_initialise)
        for stream in (*self.confidence, *self.affinity):
            nn.init.normal_(stream[-1].weight, std=_OUTPUT_DEVIATION)

    @property
    def name(self) -> str:
        """Of these weights, told apart from all others."""
        return f"PoseNet {weights_digest(self)[:8]}"

    def forward(self, images: Tensor) -> list[PoseMaps]:
        """Returns the maps of every stage with streams, the best last, (B, 19 and 38, H / 8, W / 8).

        Args:
            images: (B, 3, H, W), normalised as for ImageNet; sides are multiples of 8.
        """
        features = self.narrow(self.vgg(images))
        seen, results = features, []
        for confidence, affinity in zip(self.confidence, self.affinity, strict=True):
            results.append(PoseMaps(confidence(seen), affinity(seen)))
            seen = torch.cat([features, *results[-1]], 1)
        return results

    def maps(self, pictures: Tensor) -> PoseMaps:
        """Returns the last stage's maps of pictures (B, 3, H, W), RGB in [0, 1]; see `PoseNetwork`.

        Computed in bfloat16 where the device is fast in it.
        """
        device = next(self.parameters()).device
        images = normalize(pictures.to(device))
        with torch.autocast(device.type, torch.bfloat16, enabled=runs_bfloat16(device)):
            last: PoseMaps = self(images)[-1]
        return PoseMaps(*(each.float() for each in last))


def load_vgg(network: PoseNet, path: Path) -> None:
    """Loads the ten convolutions from the weights of a VGG-19 (torchvision's or timm's names, safetensors).

    A network with batch norm takes those of a VGG-19 with batch norm.

    Raises:
        ReseenError: If the file cannot be read, or its weights do not fit, as those of another width.
    """
    try:
        content = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ReseenError(f"cannot read weights file {path}: {one_line(error)}") from error
    own = {key: value for key, value in network.vgg.state_dict().items() if not key.endswith("num_batches_tracked")}
    found = {key: content.get(f"features.{key}") for key in own}
    for key, value in found.items():
        if value is None or value.shape != own[key].shape:
            kind = "with" if network.config.batch_norm else "without"
            raise ReseenError(
                f"{path} has no features.{key} of shape {tuple(own[key].shape)}, as a VGG-19 {kind} batch norm has: "
                "take another file, or the network with the other value of batch_norm (--batch-norm, --no-batch-norm)"
            )
    # Without batch norms' counters, which not everybody stores.
    network.vgg.load_state_dict({key: value.float() for key, value in found.items() if value is not None}, strict=False)


def save_pose_net(
    folder: Path,
    network: PoseNet,
    *,
    card: str = "",
    trained_on: Sequence[str] = (),
    divisions: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> None:
    """Writes weights, configuration and card into a folder.

    Args:
        folder: The folder.
        network: The network.
        card: What it is and what it has learnt from, in Markdown; if empty, none is written.
        trained_on: Keys of the data sets whose persons it has seen.
        divisions: How these were divided; see `reseen.checkpoint_files.divisions_of`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: tensor.detach().cpu().contiguous() for key, tensor in network.state_dict().items()}
    save_file(weights, folder / MODEL_FILE)
    content = {
        "pose": network.config.model_dump(mode="json"),
        "trained_on": list(trained_on),
        "divisions": dict(divisions or {}),
        "held_back": {},
    }
    (folder / CONFIG).write_text(json.dumps(content, indent=2) + "\n")
    if card:
        (folder / CARD).write_text(card)


def load_pose_net(folder: Path) -> PoseNet:
    """Returns a trained network, ready to be asked.

    Args:
        folder: Its folder, or ``pose-net`` for the one in the package.

    Raises:
        ReseenError: If the folder has none, or its weights do not fit its configuration.
    """
    folder = check_checkpoint(folder, command=TRAIN_POSE)
    try:
        content = json.loads((folder / CONFIG).read_text())
        if "pose" not in content:
            held = content["model"]["system"]
            raise ReseenError(f"{folder} holds the system {held!r}, no pose network: {TRAIN_POSE} makes one")
        network = PoseNet(PoseNetConfig.model_validate(content["pose"]))
        network.load_state_dict(load_file(folder / MODEL_FILE))  # in 32 bits, however they are stored
    except (ValidationError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ReseenError(f"cannot load pose network {folder}: {one_line(error)}; train or copy it again") from error
    return network.eval()


def _vgg(wide: Sequence[int | None], norm: bool) -> tuple[nn.Sequential, int]:
    """Returns the layers, numbered as in torchvision's and timm's VGG-19, and the channels of the last."""
    layers: list[nn.Module] = []
    before = 3
    for channels in wide:
        if channels is None:
            layers.append(nn.MaxPool2d(2))
        else:
            layers += _convolutions([before, channels], [3], norm)
            before = channels
    return nn.Sequential(*layers), before


def _stream(channels: Sequence[int], kernels: Sequence[int], outputs: int, norm: bool) -> nn.Sequential:
    return nn.Sequential(*_convolutions(channels, kernels, norm), nn.Conv2d(channels[-1], outputs, 1))


def _convolutions(channels: Sequence[int], kernels: Sequence[int], norm: bool) -> list[nn.Module]:
    """Returns convolutions from each number of channels to the next, each followed by batch norm, if any, and ReLU."""
    layers: list[nn.Module] = []
    for before, after, kernel in zip(channels, channels[1:], kernels, strict=False):
        layers.append(nn.Conv2d(before, after, kernel, padding=kernel // 2))
        layers += [nn.BatchNorm2d(after)] if norm else []
        layers.append(nn.ReLU(inplace=True))
    return layers


def _initialise(module: nn.Module) -> None:
    """He et al.'s initialisation: without it a plain network this deep passes nothing on at first."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        assert module.bias is not None
        nn.init.zeros_(module.bias)


def _scaled(channels: int, width: float) -> int:
    """Returns a share of channels, as a multiple of 8, which processors like."""
    return max(8, round(channels * width / 8) * 8)
