"""IDE: identity-discriminative embedding, the plain baseline, with the bag-of-tricks options."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from reseen.data.batch import PersonBatch
from reseen.models.output import PersonOutput
from reseen.models.parts.attention.cam import class_activation_maps
from reseen.models.parts.backbones.backbone import Backbone, BackboneName, StridePlacement
from reseen.models.parts.head import IdentityHead
from reseen.models.parts.pooling import PoolingName, build_pooling, global_weights


class IDEConfig(BaseModel):
    """The baseline's configuration.

    Attributes:
        backbone: Name of any timm model.
        stride_in: See `Backbone`; ``conv1`` for v1 weights.
        last_stride: See `Backbone`.
        num_identities: C, persons in the training set.
        dim: Size the pooled feature is reduced to, or None for the pooled feature itself.
        pooling: Average or generalised mean.
        neck: ``bnneck`` (bag of tricks) or ``none``.
        freeze_stages: First stages of the backbone that are not trained.
        mix_style: See `Backbone`; for training on other pictures than those it is meant for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["ide"] = "ide"
    backbone: BackboneName = "resnet50"
    stride_in: StridePlacement = "conv2"
    last_stride: Literal[1, 2] | None = None
    num_identities: int = Field(751, ge=1, le=10_000_000)
    dim: int | None = Field(None, ge=1, le=65_536)
    pooling: PoolingName = "average"
    neck: Literal["none", "bnneck"] = "bnneck"
    freeze_stages: int = Field(0, ge=0)
    mix_style: float = Field(0.0, ge=0, le=1)


class IDE(nn.Module):
    """Backbone, pooling, embedding, classifier.

    Args:
        config: The configuration.
    """

    citation: ClassVar[str] = """@inproceedings{luo2019bag,
  title     = {Bag of Tricks and a Strong Baseline for Deep Person Re-Identification},
  author    = {Luo, Hao and Gu, Youzhi and Liao, Xingyu and Lai, Shenqi and Jiang, Wei},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition Workshops (CVPRW)},
  year      = {2019}
}"""

    def __init__(self, config: IDEConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(
            config.backbone,
            last_stride=config.last_stride,
            stride_in=config.stride_in,
            mix_style=config.mix_style,
        )
        self.backbone.freeze(config.freeze_stages)
        self.pooling = build_pooling(config.pooling)
        self.head = IdentityHead(self.backbone.channels, config.num_identities, config.dim, config.neck)

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns descriptor and logits of B images; in eval mode also the map of the predicted identity."""
        features = self.backbone(batch.images)  # (B, Z, h, w)
        with torch.autocast(features.device.type, enabled=False):  # the head is small: exact in float32
            features = features.float()
            pooled = self.pooling(features, global_weights(features))[:, 0]
            head = self.head(pooled)
            maps = {}
            if not self.training:
                direction = self.head.linearised(head)
                evidence = self.pooling.evidence(features, pooled)
                maps["id"] = class_activation_maps(evidence, direction[:, None])[:, 0]
        return PersonOutput(
            features={"global": head.embedding},
            identity_logits={"global": head.logits},
            maps=maps,
            metric_features={"global": head.metric},
        )
