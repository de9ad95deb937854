"""LRDNN: local-refining based deep neural network (Zhou et al., IJCAI 2019)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from reseen.data.attributes import MARKET1501_SCHEMA, AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.models.output import PersonOutput
from reseen.models.parts.attention.cam import class_activation_maps, stretch
from reseen.models.parts.attention.channel_parse import ChannelParseBlock
from reseen.models.parts.backbones.backbone import Backbone, BackboneName, StridePlacement
from reseen.models.parts.body.pose_branch import maps_within
from reseen.models.parts.compact_bilinear import CompactBilinearPooling, signed_root
from reseen.models.parts.head import IdentityHead
from reseen.models.parts.reduction import AttributeClassifier
from reseen.pose.maps import JOINTS, PoseMaps, channel_names
from reseen.pose.network import PoseNet, PoseNetConfig

MapsName = Literal["confidence", "affinity"]
"""A field of `PoseMaps`."""

GLOBAL = "global"
"""The one head of identities and attributes, and the name of the feature where there is no pose branch."""
BILINEAR = "bilinear"
"""Name of the feature that main and pose branch make together."""


class LRDNNConfig(BaseModel):
    """LRDNN's configuration; the defaults are the paper's.

    Attributes:
        backbone: The main branch: name of any timm model.
        stride_in: See `Backbone`; ``conv1`` for v1 weights.
        last_stride: See `Backbone`; the paper's ResNet-50 keeps its 2.
        num_identities: C, persons in the training set.
        attributes: The attributes to predict.
        attribute: Whether they are predicted ("A").
        pose: The pose branch; follows from the folder that a recipe's ``init.pose`` names.
        pose_maps: What it gives to the bilinear feature: part confidence maps ("H") and part affinity fields ("C").
            Without any there is no pose branch, and the descriptor is the main branch's pooled feature.
        channel_parse: Whether the channel parse block weighs these maps.
        dim: d, size of the bilinear feature.
        neck: ``none``: classifiers work on the descriptor. ``bnneck`` (Luo et al. 2019): see `IdentityHead`.
        freeze_stages: First stages of the main branch that are not trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["lrdnn"] = "lrdnn"
    backbone: BackboneName = "resnet50"
    stride_in: StridePlacement = "conv2"
    last_stride: Literal[1, 2] | None = 2
    num_identities: int = Field(751, ge=1, le=10_000_000)
    attributes: AttributeSchema = MARKET1501_SCHEMA
    attribute: bool = True
    pose: PoseNetConfig | None = None
    pose_maps: tuple[MapsName, ...] = ("confidence", "affinity")
    channel_parse: bool = True
    dim: int = Field(8000, ge=1, le=65_536)
    neck: Literal["none", "bnneck"] = "none"
    freeze_stages: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _maps_are_named_once(self) -> LRDNNConfig:
        if len(set(self.pose_maps)) < len(self.pose_maps):
            raise ValueError(f"pose_maps names one twice: {', '.join(self.pose_maps)}")
        return self


class Seen(NamedTuple):
    """What there is to tell persons by, and where it comes from.

    Attributes:
        pooled: (B, D).
        evidence: Maps a direction (B, D) to (B, h, w), whose mean is direction · pooled.
        weights: (B,) of the pose maps' channels by name; empty without a channel parse block.
    """

    pooled: Tensor
    evidence: Callable[[Tensor], Tensor]
    weights: Mapping[str, Tensor]


class Fusion(nn.Module):
    """Batch norms, channel parse block and compact bilinear pooling (sections 3.2 to 3.4).

    Args:
        channels: Z, of the main branch's map.
        config: The system's.
    """

    def __init__(self, channels: int, config: LRDNNConfig) -> None:
        super().__init__()
        names = channel_names()
        own = {"confidence": names[: JOINTS + 1], "affinity": names[JOINTS + 1 :]}
        self.maps = config.pose_maps
        self.channels = tuple(name for maps in config.pose_maps for name in own[maps])
        self.norm_main = nn.BatchNorm2d(channels)  # equation 5
        self.norm_pose = nn.BatchNorm2d(len(self.channels))  # equations 6 and 7: each channel is normalised by itself
        # Maps with mean 0 would leave F's own average, what persons are told apart by so far, out of the feature; maps
        # with as large a spread would outweigh it before anything has been learnt of them.
        nn.init.ones_(self.norm_pose.bias)
        nn.init.constant_(self.norm_pose.weight, 0.5)
        self.parse = ChannelParseBlock(len(self.channels)) if config.channel_parse else None
        self.pooling = CompactBilinearPooling(channels, len(self.channels), config.dim)

    def forward(self, features: Tensor, maps: PoseMaps) -> Seen:
        """Pools F (B, Z, h, w) and the pose branch's maps, of any size, together."""
        chosen = torch.cat([getattr(maps, name) for name in self.maps], 1)
        main = self.norm_main(features)
        # On F's grid before the batch norm: afterwards they would have another scale again.
        pose = self.norm_pose(stretch(chosen, (features.shape[2], features.shape[3])))
        weights: dict[str, Tensor] = {}
        if self.parse is not None:
            pose, weighed = self.parse(pose)
            weights = dict(zip(self.channels, weighed.unbind(1), strict=True))
        pooled, factor = signed_root(self.pooling(main, pose))

        def evidence(direction: Tensor) -> Tensor:
            # A number's root is shared among the locations as they have made the number itself.
            shares: Tensor = self.pooling.shares(main, pose, direction * factor)
            return shares * shares[0].numel()

        return Seen(pooled, evidence, weights)


class LocalRefiningNet(nn.Module):
    """A main branch that learns identities and attributes, and a pose branch that tells it where the joints are.

    Args:
        config: The configuration.

    Raises:
        ReseenError: If there are to be pose maps, but no pose network is named.

    Example:
        >>> model = LocalRefiningNet(LRDNNConfig(backbone="resnet18", pose=PoseNetConfig(width=0.1))).eval()
        >>> model(PersonBatch(torch.zeros(1, 3, 256, 128))).embedding.shape
        torch.Size([1, 8000])
    """

    citation: ClassVar[str] = """@inproceedings{zhou2019lrdnn,
  title     = {{LRDNN}: Local-Refining Based Deep Neural Network for Person Re-Identification
               with Attribute Discerning},
  author    = {Zhou, Qinqin and Zhong, Bineng and Lan, Xiangyuan and Sun, Gan and Zhang, Yulun and Gou, Mengran},
  booktitle = {International Joint Conference on Artificial Intelligence (IJCAI)},
  pages     = {1041--1047},
  year      = {2019}
}"""

    def __init__(self, config: LRDNNConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone, last_stride=config.last_stride, stride_in=config.stride_in)
        self.backbone.freeze(config.freeze_stages)
        channels = width = self.backbone.channels
        self.pose: PoseNet | None = None
        if config.pose_maps:
            if config.pose is None:
                raise ReseenError(
                    "lrdnn needs a pose network: set init.pose=pose-net, which comes with the package, or a folder of "
                    "reseen train-pose, or pose_maps=[] to leave it out"
                )
            self.pose = PoseNet(config.pose)
            self.fusion = Fusion(channels, config)
            width = config.dim
        self.head = IdentityHead(width, config.num_identities, dim=None, neck=config.neck)
        self.attribute_classifier = (
            AttributeClassifier(width, config.attributes, sigmoid=False) if config.attribute else None
        )

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns descriptor, logits and, in eval mode, the channels' weights and the maps that are wanted."""
        features = self.backbone(batch.images)  # F (B, Z, h, w), equation 1
        pose = None if self.pose is None else maps_within(self.pose, batch.images)  # H and C, equation 2
        # The rest costs little and is exact in float32 whatever the branches compute in.
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            seen = _main_alone(features) if pose is None else self.fusion(features, pose)
            head = self.head(seen.pooled)
            attributes = {} if self.attribute_classifier is None else self.attribute_classifier(head.embedding)
            output = PersonOutput(
                features={GLOBAL if pose is None else BILINEAR: head.embedding},
                identity_logits={GLOBAL: head.logits},
                attribute_logits={GLOBAL: attributes} if attributes else {},
                metric_features={GLOBAL: head.metric},
            )
            if self.training:
                return output
            maps = self._maps(seen, output) if batch.wants_maps else {}
            if pose is not None:
                maps |= {"pose": pose.confidence[:, :JOINTS].amax(1).clamp(0, 1)}
            return replace(output, maps=maps, weights=seen.weights)

    def _maps(self, seen: Seen, output: PersonOutput) -> dict[str, Tensor]:
        """Returns (B, h, w) what each location says for the predicted identity, and for each attribute's class.

        The mean of a map is the class's logit without the constants of bias and batch norm.
        """
        embedding, logits = output.embedding, output.identity_logits[GLOBAL]
        assert self.head.classifier is not None
        rows = {"id": self.head.classifier.weight[logits.argmax(1)]}
        if self.attribute_classifier is not None:
            told = output.attribute_probabilities(self.config.attributes)
            classes = {name: probabilities.argmax(1) for name, probabilities in told.items()}
            own = self.attribute_classifier.rows(classes)
            rows |= {f"attribute/{name}": row for name, row in own.items()}
        return {name: seen.evidence(self.head.direction(embedding, row)) for name, row in rows.items()}


def _main_alone(features: Tensor) -> Seen:
    """Average pooling of F (B, Z, h, w)."""

    def evidence(direction: Tensor) -> Tensor:
        return class_activation_maps(features, direction[:, None])[:, 0]

    return Seen(features.mean((2, 3)), evidence, {})
