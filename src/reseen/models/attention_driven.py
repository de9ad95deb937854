"""Attention driven person re-identification (Yang et al., Pattern Recognition 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from reseen.data.batch import PersonBatch
from reseen.data.images.size import Size
from reseen.models.output import PersonOutput
from reseen.models.parts.attention.attention_maps import attention_maps
from reseen.models.parts.attention.inter_attention import InterAttention, of_equal_weight
from reseen.models.parts.attention.intra_attention import Decomposition
from reseen.models.parts.backbones.five_branches import FiveBranches, attention_paths
from reseen.models.parts.body.crops import BodyBoxes, body_crops, strips
from reseen.models.parts.body.joint_finding import FrozenPoseNet, joints_of
from reseen.models.parts.reduction import Reduction, linear_classifier
from reseen.pose.network import PoseNetConfig
from reseen.pose.regions import BETA, REGION_JOINTS

PARTS = tuple(REGION_JOINTS)


class AttentionDrivenConfig(BaseModel):
    """The net's configuration; the defaults are the paper's best.

    Attributes:
        num_identities: C, persons in the training set.
        alignment: ``joints``: whole body and parts are cut out by the person's joints; ``strips``: where an upright
            person has them in any picture (table 6, "Baseline").
        intra_attention: How each branch scores its features: places times channels, or all at once (``none``: table 8's
            "without attention decomposition"); null for no such attention.
        fusion: What makes one descriptor of the five features. ``concatenation``: nothing; ``inter_attention``:
            learnt weights of the parts; ``fully_connected``: a layer over all of them (table 9).
        beta: β, half the overlap of neighbouring parts as a share of the body's height.
        whole_size: (h, w) of the whole body's crop.
        part_size: (h, w) of each part's.
        width: Of the whole body's first bottlenecks; the parts' are half as wide.
        dim: Size of the whole body's feature.
        part_dim: Size of each part's.
        dropout: Share of the features that every classifier has to do without in training.
        pose: The pose network that finds joints in pictures that come without; ``init.pose`` names it.
            Strips need none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["attention_driven"] = "attention_driven"
    num_identities: int = Field(751, ge=1, le=10_000_000)
    alignment: Literal["joints", "strips"] = "joints"
    intra_attention: Decomposition | None = "spatial_channel"
    fusion: Literal["concatenation", "fully_connected", "inter_attention"] = "inter_attention"
    beta: float = Field(BETA, ge=0, le=0.5)
    whole_size: Size = (384, 192)
    part_size: Size = (96, 192)
    width: int = Field(32, ge=2, le=1024, multiple_of=2)
    dim: int = Field(256, ge=1, le=65_536)
    part_dim: int = Field(128, ge=1, le=65_536)
    dropout: float = Field(0.5, ge=0, lt=1)
    pose: PoseNetConfig | None = None


class AttentionDrivenNet(nn.Module):
    """Five crops, five branches with attention of their own, and attention between the parts.

    Args:
        config: The configuration.

    Example:
        >>> model = AttentionDrivenNet(AttentionDrivenConfig()).eval()
        >>> model(PersonBatch(torch.zeros(1, 3, 384, 192))).embedding.shape
        torch.Size([1, 768])
    """

    citation: ClassVar[str] = """@article{yang2019attention,
  title   = {Attention Driven Person Re-identification},
  author  = {Yang, Fan and Yan, Ke and Lu, Shijian and Jia, Huizhu and Xie, Xiaodong and Gao, Wen},
  journal = {Pattern Recognition},
  volume  = {86},
  pages   = {143--155},
  year    = {2019}
}"""

    def __init__(self, config: AttentionDrivenConfig) -> None:
        super().__init__()
        self.config = config
        by_joints = config.alignment == "joints"
        self.boxes = BodyBoxes(config.beta) if by_joints else None
        self.pose = FrozenPoseNet(config.pose) if by_joints and config.pose is not None else None
        self.backbone = FiveBranches(PARTS, config.width, config.dim, config.part_dim)
        self.intra = nn.ModuleDict()
        if config.intra_attention is not None:
            for name in self.backbone.branches:
                width = config.width if name == "whole" else config.width // 2
                self.intra[name] = attention_paths(width, config.intra_attention)
        length = config.dim + len(PARTS) * config.part_dim
        self.inter = InterAttention(PARTS, config.part_dim) if config.fusion == "inter_attention" else None
        self.connected = Reduction(length, length, learnt_shift=True) if config.fusion == "fully_connected" else None
        self.dropout = nn.Dropout(config.dropout)
        own = {"whole": config.dim, **dict.fromkeys(PARTS, config.part_dim)}
        self.classifiers = nn.ModuleDict(
            {name: linear_classifier(dim, config.num_identities) for name, dim in own.items()}
        )
        self.classifier = None if config.fusion == "concatenation" else linear_classifier(length, config.num_identities)
        # Features of length 1 would be too short to tell many persons apart by: the classifier sees them so long that
        # their numbers are about 1.
        self.scale = (length / 2) ** 0.5

    @property
    def needs_joints(self) -> bool:
        """Whether pictures without joints would all be cut into strips: it goes by joints, and cannot find them."""
        return self.boxes is not None and self.pose is None

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns descriptor, identity logits and, in eval mode, the attention maps of B images.

        The descriptor is whole, part/head, part/upper, part/upper_leg, part/lower_leg, one after the other: (B, 768).
        """
        images = batch.images
        boxes = strips(images) if self.boxes is None else self._boxes(batch)
        crops = body_crops(images, boxes, whole=self.config.whole_size, part=self.config.part_size)
        branches = self.backbone(crops, self.intra)
        with torch.autocast(images.device.type, enabled=False):  # heads are small: exact in float32
            own = {name: feature for name, (feature, _) in branches.items()}  # E_g and E_i
            identities = {f"intra/{name}": self.classifiers[name](self.dropout(own[name])) for name in own}
            features, weights = self._fused(own)
            fused = torch.cat(list(features.values()), 1)
            if self.classifier is not None:
                identities["inter"] = self.classifier(self.dropout(self.scale * fused))
        maps: Mapping[str, Tensor] = {}
        if self.intra and batch.wants_maps and not self.training:
            scores = {name: found for name, (_, found) in branches.items()}
            maps = attention_maps(scores, boxes, (images.shape[-2], images.shape[-1]))
        return PersonOutput(
            features=features,
            identity_logits=identities,
            maps=maps,
            metric_features={"inter": fused, **{f"intra/{name}": feature for name, feature in own.items()}},
            weights={part: weight[:, 0] for part, weight in weights.items()},
        )

    def _boxes(self, batch: PersonBatch) -> Tensor:
        assert self.boxes is not None
        boxes: Tensor = self.boxes(joints_of(batch, self.pose), (batch.images.shape[-2], batch.images.shape[-1]))
        return boxes

    def _fused(self, own: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Returns the descriptor's features by name, of length √2 in all, and the parts' weights μ (B, 1), if any."""
        if self.connected is not None:
            _, fused = self.connected(torch.cat(list(own.values()), 1))
            return {"fused": 2**0.5 * nn.functional.normalize(fused)}, {}
        parts = {part: own[part] for part in PARTS}
        weights = {} if self.inter is None else self.inter(parts)
        weighted = {part: (1 + weights[part]) * parts[part] for part in weights}  # equation 9
        whole, parts = of_equal_weight(own["whole"], {**parts, **weighted})
        return {"whole": whole, **{f"part/{part}": feature for part, feature in parts.items()}}, weights
