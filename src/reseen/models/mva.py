"""MVA: multi-view attribute net (Schumann, Stiefelhagen; CVPR Workshops 2017, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from reseen.data.annotations.peta_labels import SELECTED
from reseen.data.attributes import AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.models.output import PersonOutput
from reseen.models.parts.backbones.backbone import Backbone, BackboneName, StridePlacement
from reseen.models.parts.backbones.residual import ResidualBlock

VIEWS = 3
"""Horizontal regions of equal height."""
GLOBAL, LOCAL, COMBINED = 600, 200, 2048
"""Width of the global view, of each local view, and of what they are combined to."""
_GRID = 4
"""A local view's map is averaged to 4×4 cells, so that its linear layer fits every input size and still knows where."""
_WIDTHS = (64, 64, 128)
"""Channels of the local views' convolutions and of their two residual blocks."""


class MultiViewAttributeNetConfig(BaseModel):
    """MVA's configuration; the defaults are the paper's.

    Attributes:
        backbone: ``googlenet`` (torchvision's, with batch norm), or the name of any timm model with feature maps.
        stride_in: See `Backbone`; ``conv1`` for v1 weights.
        last_stride: See `Backbone`.
        attributes: What is predicted.
        local_views: Whether there are any; without them the global view stands alone.
        freeze_stages: First stages of the backbone that are not trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["mva"] = "mva"
    backbone: BackboneName = "googlenet"
    stride_in: StridePlacement = "conv2"
    last_stride: Literal[1, 2] | None = None
    attributes: AttributeSchema = AttributeSchema("peta", tuple(map(binary, SELECTED)))
    local_views: bool = True
    freeze_stages: int = Field(0, ge=0)


class LocalView(nn.Module):
    """A local view network (LVN): two 3×3 convolutions, two residual blocks that each halve the map, a linear layer.

    Args:
        in_channels: Of the region of the map it sees.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        first, second, third = _WIDTHS
        self.convolutions = nn.Sequential(
            *_convolution(in_channels, first),
            *_convolution(first, first),
        )
        self.blocks = nn.Sequential(ResidualBlock(first, second, stride=2), ResidualBlock(second, third, stride=2))
        self.pooling = nn.AdaptiveAvgPool2d(_GRID)
        self.linear = _linear(third * _GRID**2, LOCAL)

    def forward(self, region: Tensor) -> Tensor:
        """Maps a region (B, Z, h, w) to the view (B, 200)."""
        cells = self.pooling(self.blocks(self.convolutions(region)))
        view: Tensor = self.linear(cells.flatten(1))
        return view


class MultiViewAttributeNet(nn.Module):
    """The whole picture and three horizontal regions of it together tell the attributes.

    Its descriptor are the probabilities of the attributes: the paper's baseline "Attributes" compares images by these.
    Under ``combined``, `PersonOutput.features` also has what they were told from.

    Args:
        config: The configuration.
    """

    citation: ClassVar[str] = """@inproceedings{schumann2017person,
  title     = {Person Re-Identification by Deep Learning Attribute-Complementary Information},
  author    = {Schumann, Arne and Stiefelhagen, Rainer},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition Workshops (CVPRW)},
  year      = {2017}
}"""

    def __init__(self, config: MultiViewAttributeNetConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone, last_stride=config.last_stride, stride_in=config.stride_in)
        self.backbone.freeze(config.freeze_stages)
        self.global_view = _linear(self.backbone.channels, GLOBAL)
        views = VIEWS if config.local_views else 0
        self.local_views = nn.ModuleList(LocalView(self.backbone.stem_channels) for _ in range(views))
        self.combined = _linear(GLOBAL + views * LOCAL, COMBINED)
        self.widths = {attribute.name: attribute.logits(sigmoid=True) for attribute in config.attributes}
        self.classifier = nn.Linear(COMBINED, sum(self.widths.values()))

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns the logits of B images' attributes under the head ``attribute``: one of a binary attribute."""
        regions: Sequence[Tensor] = ()
        if self.local_views:
            features, stem = self.backbone.with_stem(batch.images)  # (B, Z, h, w), (B, Z', h', w')
            regions = torch.tensor_split(stem, VIEWS, dim=2)
        else:
            features = self.backbone(batch.images)
        local = [view(region).float() for view, region in zip(self.local_views, regions, strict=True)]
        with torch.autocast(features.device.type, enabled=False):  # linear layers are small: exact in float32
            views = [self.global_view(features.float().mean((2, 3))), *local]
            combined = self.combined(torch.cat(views, 1))
            scores = self.classifier(combined).split(list(self.widths.values()), 1)
            logits = dict(zip(self.widths, scores, strict=True))
        return PersonOutput(
            features={"attributes": presence(logits, self.config.attributes), "combined": combined},
            descriptor=("attributes",),
            attribute_logits={"attribute": logits},
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of the feature ``attributes``: an attribute, or one class of it."""
        return tuple(
            name
            for attribute in self.config.attributes
            for name in (
                [attribute.name]
                if self.widths[attribute.name] == 1
                else [f"{attribute.name}:{each}" for each in attribute.classes]
            )
        )


def presence(logits: Mapping[str, Tensor], schema: AttributeSchema) -> Tensor:
    """Returns the attributes' probabilities side by side (B, A): of a binary one that of its second class alone."""
    tables = schema.probabilities(logits)
    return torch.cat([table[:, 1:] if logits[name].shape[1] == 1 else table for name, table in tables.items()], 1)


def _convolution(in_channels: int, channels: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


def _linear(in_features: int, features: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(in_features, features, bias=False), nn.BatchNorm1d(features), nn.ReLU(inplace=True))
