"""IVA: joint verification and identification of identity-attribute labels (Zhang et al., IEEE Access 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from reseen.data.attribute_forms import color_names
from reseen.data.attributes import MARKET1501_SCHEMA, AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.models.output import PersonOutput
from reseen.models.parts.backbone import StridePlacement
from reseen.models.parts.cam import class_activation_maps, stretch
from reseen.models.parts.pooling import GeneralizedMeanPooling, MaxPooling, global_weights
from reseen.models.parts.two_branches import ResNetName, TwoBranchBackbone

Region = Literal["global", "upper", "lower"]
REGIONS: tuple[Region, ...] = ("global", "upper", "lower")

_UPPER = frozenset(
    "age gender hair hair_color sleeve bag backpack upper_color upper_length hat handbag".split()
)
_LOWER = frozenset("lower_length lower_type lower_color boots shoe_color footwear_color".split())
_PETA_PREFIXES: Mapping[str, Region] = {
    "personal": "upper",
    "hair": "upper",
    "accessory": "upper",
    "carrying": "upper",
    "upperBody": "upper",
    "lowerBody": "lower",
    "footwear": "lower",
}


def half_of(attribute: str) -> Region:
    """Returns the half of the body that learns an attribute beside the whole (table 1); ``global`` for unknown names.

    A colour taken apart, such as ``upper_color:black``, goes where the colour goes.
    """
    name = attribute.partition(":")[0]
    if name in _UPPER or name in _LOWER:
        return "upper" if name in _UPPER else "lower"
    return next((half for prefix, half in _PETA_PREFIXES.items() if name.startswith(prefix)), "global")


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

    @property
    def identification(self) -> bool:
        """Whether there are identification features."""
        return self.identity or self.attribute

    @model_validator(mode="after")
    def _something_is_learnt(self) -> IVAConfig:
        if not (self.identification or self.verification):
            raise ValueError("nothing is left to learn: set one of identity, attribute, verification")
        return self


class Reduction(nn.Module):
    """One of the six features: linear Z → V, then batch norm (spec, Decision).

    Args:
        in_channels: Z.
        dim: V.
        neck: See `IVAConfig`.
    """

    def __init__(self, in_channels: int, dim: int, neck: str) -> None:
        super().__init__()
        self.linear = nn.Linear(in_channels, dim, bias=False)  # batch norm follows, so a bias would be lost
        self.norm = nn.BatchNorm1d(dim)
        self.norm.bias.requires_grad_(neck != "bnneck")
        nn.init.kaiming_normal_(self.linear.weight, mode="fan_in", nonlinearity="relu")

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Maps pooled features (B, Z) to (B, V) before and after the batch norm."""
        reduced = self.linear(pooled)
        return reduced, self.norm(reduced)

    def directions(self, rows: Tensor) -> Tensor:
        """Turns classifier rows (..., V) into directions (..., Z): in eval mode row · V = direction · pooled + constant."""
        assert self.norm.running_var is not None
        scale = self.norm.weight * (self.norm.running_var + self.norm.eps).rsqrt()
        return (rows * scale) @ self.linear.weight


class AttributeClassifier(nn.Module):
    """Logits of those attributes that one feature predicts: one for a binary attribute, else one a class.

    Args:
        dim: V.
        schema: The attributes.
    """

    def __init__(self, dim: int, schema: AttributeSchema) -> None:
        super().__init__()
        self.schema = schema
        self.widths = [attribute.logits(sigmoid=True) for attribute in schema]
        self.linear = _classifier(dim, sum(self.widths))

    def forward(self, feature: Tensor) -> dict[str, Tensor]:
        """Maps a feature (B, V) to logits by attribute name."""
        return dict(zip(self.schema.names, self.linear(feature).split(self.widths, 1), strict=True))

    def rows(self, classes: Mapping[str, Tensor]) -> Tensor:
        """Returns (B, A, V): what speaks for the given classes (B,) of each of the A attributes."""
        rows = []
        for attribute, own in zip(self.schema, self.linear.weight.split(self.widths), strict=True):
            every = torch.cat([-own, own]) if len(own) == 1 and attribute.kind == "binary" else own
            rows.append(every[classes[attribute.name]])
        return torch.stack(rows, 1)


class _Pooled(NamedTuple):
    """A region's map (B, Z, h, w) and what is pooled of it (B, Z)."""

    features: Tensor
    vector: Tensor


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
        self.backbone = TwoBranchBackbone(
            config.backbone, last_stride=config.last_stride, stride_in=config.stride_in
        )
        self.backbone.freeze(config.freeze_stages)
        self.pooling = MaxPooling() if config.pooling == "max" else GeneralizedMeanPooling()
        self.identification = self._reductions() if config.identification else None
        self.verification = self._reductions() if config.verification else None
        self.identities = nn.ModuleDict(
            {region: _classifier(config.dim, config.num_identities, config.neck) for region in REGIONS}
            if config.identity
            else {}
        )
        self.attributes = nn.ModuleDict(
            {region: AttributeClassifier(config.dim, own) for region, own in _divided(config.attributes).items()}
            if config.attribute
            else {}
        )

    def _reductions(self) -> nn.ModuleDict:
        channels, config = self.backbone.channels, self.config
        return nn.ModuleDict({region: Reduction(channels, config.dim, config.neck) for region in REGIONS})

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns descriptor, logits and, in eval mode, maps of B images.

        The descriptor's features come in the order global/identification, global/verification, upper/…, lower/…:
        (B, 6·V) with everything on.
        """
        whole, parts = self.backbone.branches(batch.images)
        # Heads and pooling cost little and are exact in float32 whatever the backbone computes in.
        with torch.autocast(whole.device.type, enabled=False):
            middle = -(-parts.shape[2] // 2)
            regions = {"global": whole, "upper": parts[:, :, :middle], "lower": parts[:, :, middle:]}
            pooled = {region: self._pool(features.float()) for region, features in regions.items()}
            output = self._heads(pooled)
            return output if self.training else replace(output, maps=self._maps(pooled, output))

    def _pool(self, features: Tensor) -> _Pooled:
        return _Pooled(features, self.pooling(features, global_weights(features))[:, 0])

    def _heads(self, pooled: Mapping[str, _Pooled]) -> PersonOutput:
        features: dict[str, Tensor] = {}
        metric: dict[str, Tensor] = {}
        for region, (_, vector) in pooled.items():
            if self.identification is not None:
                features[f"{region}/identification"] = self.identification[region](vector)[1]
            if self.verification is not None:
                reduced, normed = self.verification[region](vector)
                features[f"{region}/verification"] = normed
                metric[region] = reduced if self.config.neck == "bnneck" else normed
        return PersonOutput(
            features=features,
            identity_logits={
                region: classify(features[f"{region}/identification"]) for region, classify in self.identities.items()
            },
            attribute_logits={
                region: classify(features[f"{region}/identification"]) for region, classify in self.attributes.items()
            },
            metric_features=metric,
        )

    def _maps(self, pooled: Mapping[str, _Pooled], output: PersonOutput) -> dict[str, Tensor]:
        """CAMs (B, h, w), as fine as the part branch, of the predicted identity and of each attribute's class.

        Each is the mean over the regions that predict it; what a half says of it lies in that half's rows. The mean of
        a map is the mean of the class's logits, minus the constants of batch norm and bias.
        """
        upper, lower = pooled["upper"].features, pooled["lower"].features
        size = (upper.shape[2] + lower.shape[2], upper.shape[3])
        found: dict[str, list[Tensor]] = {}
        asked: dict[str, dict[str, Tensor]] = {region: {} for region in pooled}  # rows (B, V) by map
        if self.identities:
            person = torch.stack(list(output.identity_logits.values())).mean(0).argmax(1)
            for region, classify in self.identities.items():
                asked[region]["id"] = classify.weight[person]
        classes = {
            name: told.argmax(1) for name, told in output.attribute_probabilities(self.config.attributes).items()
        }
        for region, classify in self.attributes.items():
            rows = classify.rows(classes).unbind(1)
            asked[region] |= {f"attribute/{name}": row for name, row in zip(classify.schema.names, rows, strict=True)}
        for region, rows in asked.items():
            if not rows or self.identification is None:
                continue
            directions = self.identification[region].directions(torch.stack(list(rows.values()), 1))  # (B, A, Z)
            features, vector = pooled[region]
            cams = class_activation_maps(self.pooling.evidence(features, vector), directions)
            for name, cam in zip(rows, _placed(cams, region, size).unbind(1), strict=True):
                found.setdefault(name, []).append(cam)
        return {name: torch.stack(cams).mean(0) for name, cams in found.items()}


def _classifier(dim: int, classes: int, neck: str = "norm") -> nn.Linear:
    linear = nn.Linear(dim, classes, bias=neck != "bnneck")
    nn.init.normal_(linear.weight, std=0.001)
    if linear.bias is not None:
        nn.init.zeros_(linear.bias)
    return linear


def _divided(schema: AttributeSchema) -> dict[str, AttributeSchema]:
    """Returns the attributes of each region: all of the whole, and of a half its own if it has any."""
    own = {region: tuple(a for a in schema if region in ("global", half_of(a.name))) for region in REGIONS}
    return {region: AttributeSchema(schema.name, attributes) for region, attributes in own.items() if attributes}


def _placed(cams: Tensor, region: str, size: tuple[int, int]) -> Tensor:
    """Returns a region's maps (B, A, h, w) on the grid of all rows, their means as they were."""
    if region == "global":
        return stretch(cams, size)
    rows, others = cams.shape[2], size[0] - cams.shape[2]
    above_and_below = (0, others) if region == "upper" else (others, 0)
    return nn.functional.pad(cams * (size[0] / rows), (0, 0, *above_and_below))
