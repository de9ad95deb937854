"""IVA: joint verification and identification of identity-attribute labels (Zhang et al., IEEE Access 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from reseen.data.attribute_forms import color_names
from reseen.data.attributes import MARKET1501_SCHEMA, AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.models.output import PersonOutput
from reseen.models.parts.attention.cam import class_activation_maps, stretch
from reseen.models.parts.backbones.backbone import StridePlacement
from reseen.models.parts.backbones.two_branches import ResNetName, TwoBranchBackbone
from reseen.models.parts.body.halves import REGIONS, Region, half_of
from reseen.models.parts.pooling import GeneralizedMeanPooling, MaxPooling, global_weights
from reseen.models.parts.reduction import AttributeClassifier, Reduction, linear_classifier


def colors_apart(schema: AttributeSchema) -> AttributeSchema:
    """Returns the attributes with each colour as a binary one of its own: 27 of Market-1501, 23 of DukeMTMC-reID.

    Age, which has four classes, is one of the paper's 27 and stays whole: table 6 has its accuracy beside others'.
    """
    return schema.as_binary(color_names(schema))


class IVAConfig(BaseModel):
    """IVA's configuration; the defaults are the paper's.

    Attributes:
        backbone: Name of one of timm's ResNets.
        stride_in: See `Backbone`; ``conv1`` for v1 weights.
        last_stride: Of the global branch; the part branch never halves the map there.
        num_identities: C, persons in the training set.
        attributes: The attributes to predict.
        dim: V, size of each of the six features.
        pooling: ``max``, or generalised mean.
        neck: ``norm``: a feature is the batch norm's output in every respect. ``bnneck`` (Luo et al. 2019): the batch
            norms learn no shift, identity classifiers have no bias, and metric losses see what goes into the batch
            norm.
        identity: Whether identities are classified (L_id).
        attribute: Whether attributes are (L_attr). Without either there are no identification features.
        verification: Whether there are verification features (for L_trip).
        freeze_stages: First stages of the trunk that are not trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["iva"] = "iva"
    backbone: ResNetName = "resnet50"
    stride_in: StridePlacement = "conv2"
    last_stride: Literal[1, 2] = 2
    num_identities: int = Field(751, ge=1, le=10_000_000)
    attributes: AttributeSchema = colors_apart(MARKET1501_SCHEMA)
    dim: int = Field(512, ge=1, le=65_536)
    pooling: Literal["max", "gem"] = "max"
    neck: Literal["norm", "bnneck"] = "norm"
    identity: bool = True
    attribute: bool = True
    verification: bool = True
    freeze_stages: int = Field(0, ge=0, le=3)

    @staticmethod
    def own_form(schema: AttributeSchema) -> AttributeSchema:
        """Returns the form in which a data set's attributes are learnt; see `colors_apart`."""
        return colors_apart(schema)

    @model_validator(mode="after")
    def _something_is_learnt(self) -> IVAConfig:
        if not (self.identity or self.attribute or self.verification):
            raise ValueError("nothing is left to learn: set one of identity, attribute, verification")
        return self


class RegionOutput(NamedTuple):
    """What one region's features say; None and empty where the head has no such thing.

    Attributes:
        features: f_IM and f_VM (B, V) by what they are for.
        metric: (B, V) for metric losses.
        identities: (B, C) logits.
        attributes: Logits by attribute name.
    """

    features: Mapping[str, Tensor]
    metric: Tensor | None
    identities: Tensor | None
    attributes: Mapping[str, Tensor]


class RegionHead(nn.Module):
    """f_IM and f_VM of one region, and the classifiers of the former.

    Args:
        in_channels: Z.
        config: The system's.
        schema: The attributes of this region.
    """

    def __init__(self, in_channels: int, config: IVAConfig, schema: AttributeSchema) -> None:
        super().__init__()
        self.is_bnneck = config.neck == "bnneck"
        learnt_shift = not self.is_bnneck
        learns_attributes = config.attribute and len(schema) > 0
        identifies = config.identity or learns_attributes
        self.identification = Reduction(in_channels, config.dim, learnt_shift) if identifies else None
        self.verification = Reduction(in_channels, config.dim, learnt_shift) if config.verification else None
        if self.verification is not None and self.is_bnneck:
            self.verification.norm.requires_grad_(False)  # it only scales: no loss lies behind it
        self.identities = (
            linear_classifier(config.dim, config.num_identities, bias=not self.is_bnneck) if config.identity else None
        )
        self.attributes = AttributeClassifier(config.dim, schema) if learns_attributes else None

    def forward(self, pooled: Tensor) -> RegionOutput:
        """Maps pooled features (B, Z)."""
        features: dict[str, Tensor] = {}
        metric = identities = None
        attributes: Mapping[str, Tensor] = {}
        if self.identification is not None:
            _, feature = self.identification(pooled)
            features["identification"] = feature
            identities = None if self.identities is None else self.identities(feature)
            attributes = {} if self.attributes is None else self.attributes(feature)
        if self.verification is not None:
            reduced, feature = self.verification(pooled)
            features["verification"] = feature
            metric = reduced if self.is_bnneck else feature
        return RegionOutput(features, metric, identities, attributes)

    def directions(self, person: Tensor, classes: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns by map name the directions (B, Z) that speak for a person (B,) and for classes of attributes (B,)."""
        if self.identification is None:
            return {}
        rows = {} if self.identities is None else {"id": self.identities.weight[person]}
        if self.attributes is not None:
            rows |= {f"attribute/{name}": row for name, row in self.attributes.rows(classes).items()}
        return {name: self.identification.directions(row) for name, row in rows.items()}


class IdentityVerificationAttributeNet(nn.Module):
    """Six features: of the whole body and its halves, each once for identification and once for verification.

    Args:
        config: The configuration.

    Example:
        >>> model = IdentityVerificationAttributeNet(IVAConfig(backbone="resnet18")).eval()
        >>> model(PersonBatch(torch.zeros(1, 3, 384, 128))).embedding.shape
        torch.Size([1, 3072])
    """

    citation: ClassVar[str] = """@article{zhang2019person,
  title   = {Person Re-Identification With Joint Verification and Identification of Identity-Attribute Labels},
  author  = {Zhang, Shun and He, Yantao and Wei, Jiang and Mei, Shaohui and Wan, Shuai and Chen, Ke},
  journal = {IEEE Access},
  year    = {2019}
}"""

    def __init__(self, config: IVAConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = TwoBranchBackbone(config.backbone, last_stride=config.last_stride, stride_in=config.stride_in)
        self.backbone.freeze(config.freeze_stages)
        self.pooling = MaxPooling() if config.pooling == "max" else GeneralizedMeanPooling()
        own = {region: _attributes_of(region, config.attributes) for region in REGIONS}
        self.heads = nn.ModuleDict(
            {region: RegionHead(self.backbone.channels, config, schema) for region, schema in own.items()}
        )

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns descriptor, logits and, in eval mode, the maps that are wanted, of B images.

        The descriptor's features come in the order global/identification, global/verification, upper/…, lower/…:
        (B, 6·V) with everything on.
        """
        whole, parts = self.backbone.branches(batch.images)  # (B, Z, h, w), (B, Z, h', w')
        # Heads and pooling cost little and are exact in float32 whatever the backbone computes in.
        with torch.autocast(whole.device.type, enabled=False):
            whole, parts = whole.float(), parts.float()
            middle = -(-parts.shape[2] // 2)
            regions = {"global": whole, "upper": parts[:, :, :middle], "lower": parts[:, :, middle:]}
            pooled = {region: self.pooling(own, global_weights(own))[:, 0] for region, own in regions.items()}
            heads = {region: head(pooled[region]) for region, head in self._heads()}
            output = PersonOutput(
                features={
                    f"{region}/{name}": feature
                    for region, head in heads.items()
                    for name, feature in head.features.items()
                },
                identity_logits={
                    region: head.identities for region, head in heads.items() if head.identities is not None
                },
                attribute_logits={region: head.attributes for region, head in heads.items() if head.attributes},
                metric_features={region: head.metric for region, head in heads.items() if head.metric is not None},
            )
            if self.training or not batch.wants_maps:
                return output
            return replace(output, maps=self._maps(regions, pooled, output))

    def _heads(self) -> Iterator[tuple[str, RegionHead]]:
        for region, head in self.heads.items():
            assert isinstance(head, RegionHead)
            yield region, head

    def _maps(
        self, regions: Mapping[str, Tensor], pooled: Mapping[str, Tensor], output: PersonOutput
    ) -> dict[str, Tensor]:
        """CAMs (B, h', w'), as fine as the part branch, of the predicted identity and of each attribute's class.

        Each is the mean over the regions that predict it; what a half says of it lies in that half's rows. The mean of
        a map is the mean of the class's logits over these regions, without the constants of batch norm and bias.
        """
        logits = list(output.identity_logits.values())
        person = torch.stack(logits).mean(0).argmax(1) if logits else torch.empty(0)
        told = output.attribute_probabilities(self.config.attributes)
        classes = {name: probabilities.argmax(1) for name, probabilities in told.items()}
        upper, lower = regions["upper"], regions["lower"]
        size = (upper.shape[2] + lower.shape[2], upper.shape[3])
        found: dict[str, list[Tensor]] = {}
        for region, head in self._heads():
            if not (directions := head.directions(person, classes)):
                continue
            evidence = self.pooling.evidence(regions[region], pooled[region])
            cams = class_activation_maps(evidence, torch.stack(list(directions.values()), 1))  # (B, A, h, w)
            for name, cam in zip(directions, _placed(cams, region, size).unbind(1), strict=True):
                found.setdefault(name, []).append(cam)
        return {name: torch.stack(cams).mean(0) for name, cams in found.items()}


def _attributes_of(region: Region, schema: AttributeSchema) -> AttributeSchema:
    """Returns what a region predicts: the whole body every attribute, a half those that show there."""
    own = (attribute for attribute in schema if region in ("global", half_of(attribute.name)))
    return AttributeSchema(schema.name, tuple(own))


def _placed(cams: Tensor, region: str, size: tuple[int, int]) -> Tensor:
    """Returns a region's maps (B, A, h, w) on the grid of all rows, their means as they were."""
    if region == "global":
        return stretch(cams, size)
    rows, others = cams.shape[2], size[0] - cams.shape[2]
    above_and_below = (0, others) if region == "upper" else (others, 0)
    return nn.functional.pad(cams * (size[0] / rows), (0, 0, *above_and_below))
