"""AANet: Attribute Attention Network (Tay, Roy, Yap; CVPR 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from reseen.data.attributes import MARKET1501_SCHEMA, AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.models.output import PersonOutput
from reseen.models.parts.attention.cam import ThresholdName, class_activation_maps, keep_strong, min_max_scale
from reseen.models.parts.backbones.backbone import Backbone, BackboneName, StridePlacement
from reseen.models.parts.body.part_clustering import PartsName, part_rows
from reseen.models.parts.body.regions import REGIONS, Region, makes_attention, region_weights, shows_on
from reseen.models.parts.head import HeadOutput, IdentityHead
from reseen.models.parts.pooling import PoolingName, build_pooling, global_weights

ATTRIBUTE_HEAD = "attribute"
"""The one head of `PersonOutput.attribute_logits`."""


class AANetConfig(BaseModel):
    """AANet's configuration; the defaults are the paper's (AANet-50).

    Attributes:
        backbone: Name of any timm model.
        stride_in: See `Backbone`; ``conv1`` for v1 weights.
        last_stride: See `Backbone`.
        stages: See `Backbone`.
        num_identities: C, persons in the training set.
        identity: Whether identities are classified; without that the descriptor is learnt by other means.
        attributes: The attributes AFN predicts.
        regions: Of the body that an attribute shows on, where they are not those of `shows_on`; the mean of their
            vectors feeds its classifier.
        dim: V, size of each of the vectors the descriptor is made of.
        num_parts: Regions of interest of PFN.
        parts: How PFN finds them; None switches PFN off.
        attribute: Whether there is an AFN.
        attention: The attributes that make the attribute attention map (AAM); None for the paper's choice of those
            there are, an empty list for no such map.
        threshold: What of the attention map is kept.
        pooling: Of the identity heads.
        neck: Of the identity heads.
        descriptor: Whether all features make the descriptor, or the global one alone.
        normalize_heads: Scale each V vector to length 1, so that every head has the same say in the
            distance.
        freeze_stages: First stages of the backbone that are not trained.
        mix_style: See `Backbone`; for training on other pictures than those it is meant for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["aanet"] = "aanet"
    backbone: BackboneName = "resnet50"
    stride_in: StridePlacement = "conv2"
    last_stride: Literal[1, 2] | None = None
    stages: int | None = Field(None, ge=1)
    num_identities: int = Field(751, ge=1, le=10_000_000)
    identity: bool = True
    attributes: AttributeSchema = MARKET1501_SCHEMA
    regions: dict[str, Annotated[tuple[Region, ...], Field(min_length=1)]] = {}
    dim: int = Field(256, ge=1, le=65_536)
    num_parts: int = Field(6, ge=1, le=64)
    parts: PartsName | None = "clusters"
    attribute: bool = True
    attention: tuple[str, ...] | None = None
    threshold: ThresholdName = "mean_std"
    pooling: PoolingName = "average"
    neck: Literal["relu", "bnneck"] = "relu"
    descriptor: Literal["all", "global"] = "all"
    normalize_heads: bool = False
    freeze_stages: int = Field(0, ge=0)
    mix_style: float = Field(0.0, ge=0, le=1)

    @property
    def attended(self) -> tuple[str, ...]:
        """The attributes that make the attention map.

        Raises:
            ReseenError: If one of them is not in the schema.
        """
        if self.attention is None:
            return tuple(name for name in self.attributes.names if makes_attention(name))
        return tuple(self.attributes[name].name for name in self.attention)

    def to_use(self) -> AANetConfig:
        """Returns the same without what only training needs: nobody's identity is told by the training set's."""
        return self.model_copy(update={"identity": False})

    @model_validator(mode="after")
    def _attributes_are_there(self) -> AANetConfig:
        if "attributes" in self.model_fields_set:  # else they follow from the data, and are not known yet
            for key, names in (("regions", self.regions), ("attention", self.attention or ())):
                for name in names:
                    if name not in self.attributes:
                        has = ", ".join(self.attributes.names)
                        raise ValueError(f"{key} names {name!r}, but {self.attributes.name!r} has: {has}")
        return self

    @model_validator(mode="after")
    def _attention_has_maps(self) -> AANetConfig:
        if self.attention != () and not self.attribute:
            raise ValueError("the attention map is made by the attribute head: set attribute: true, or attention: []")
        if self.attention is None and not self.attended:
            raise ValueError(
                f"none of the attributes of {self.attributes.name!r} makes the paper's attention map; "
                "set attention to some of them, or to []"
            )
        return self


class AttributeFeatureNetwork(nn.Module):
    """AFN (section 3.3, i): attributes from the global, top, middle and bottom thirds of one map.

    Args:
        in_channels: Z.
        dim: V.
        schema: The attributes.
        regions: Of an attribute, where they are not those of `shows_on`.

    Raises:
        ReseenError: If the schema has no such attribute.
    """

    def __init__(
        self, in_channels: int, dim: int, schema: AttributeSchema, regions: Mapping[str, tuple[Region, ...]]
    ) -> None:
        super().__init__()
        self.schema = schema
        convolution = nn.Conv2d(in_channels, dim, kernel_size=1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
        self.reduction = nn.Sequential(convolution, nn.BatchNorm2d(dim), nn.ReLU(inplace=True))
        # By place: an attribute may be called what no module may, such as "type" or "v.neck".
        self.classifiers = nn.ModuleList(nn.Linear(dim, a.logits()) for a in schema)
        # (A, R): which regions' vectors each classifier sees the mean of
        seen = {name: shows_on(name) for name in schema.names}
        seen |= {schema[name].name: own for name, own in regions.items()}
        shares = [[(region in own) / len(own) for region in REGIONS] for own in seen.values()]
        self.region_shares: Tensor
        self.register_buffer("region_shares", torch.tensor(shares), persistent=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Predicts attributes from X (B, Z, h, w).

        Returns:
            F (B, V, h, w), the regions' vectors (B, 4, V), and logits (B, classes) by attribute name.
        """
        reduced: Tensor = self.reduction(features)
        with torch.autocast(features.device.type, enabled=False):
            reduced = reduced.float()
            vectors = torch.einsum("bvhw,rhw->brv", reduced, region_weights(reduced))
            seen = torch.einsum("ar,brv->bav", self.region_shares, vectors)
            logits = {name: classify(seen[:, i]) for i, (name, classify) in enumerate(self._classifiers())}
        return reduced, vectors, logits

    def _classifiers(self) -> Iterator[tuple[str, nn.Module]]:
        """Yields each attribute's name and classifier."""
        yield from zip(self.schema.names, self.classifiers, strict=True)

    def location_weights(self, reduced: Tensor) -> Tensor:
        """Returns (A, h, w): each location's weight in what the classifier of each attribute sees."""
        return torch.einsum("ar,rhw->ahw", self.region_shares, region_weights(reduced))

    def activation_maps(self, reduced: Tensor, logits: dict[str, Tensor]) -> Tensor:
        """Returns the CAM of each attribute's most probable class, (B, A, h, w), zero outside its regions.

        The mean of a map under `location_weights` is the class's logit without the bias.
        """
        rows = [linear.get_parameter("weight")[logits[name].argmax(1)] for name, linear in self._classifiers()]
        maps = class_activation_maps(reduced, torch.stack(rows, 1))
        return maps * (self.location_weights(reduced) > 0)


class AANet(nn.Module):
    """Global, part, attribute and attention features in one descriptor.

    Args:
        config: The configuration.

    Example:
        >>> model = AANet(AANetConfig(backbone="resnet18")).eval()
        >>> model(PersonBatch(torch.zeros(1, 3, 384, 128))).embedding.shape
        torch.Size([1, 3072])
    """

    citation: ClassVar[str] = """@inproceedings{tay2019aanet,
  title     = {{AANet}: Attribute Attention Network for Person Re-Identifications},
  author    = {Tay, Chiat-Pin and Roy, Sharmili and Yap, Kim-Hui},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  pages     = {7134--7143},
  year      = {2019}
}"""

    def __init__(self, config: AANetConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(
            config.backbone,
            last_stride=config.last_stride,
            stride_in=config.stride_in,
            mix_style=config.mix_style,
            stages=config.stages,
        )
        self.backbone.freeze(config.freeze_stages)
        self.pooling = build_pooling(config.pooling)
        self.global_head = self._head()
        self.part_heads = nn.ModuleList(self._head() for _ in range(config.num_parts if config.parts else 0))
        channels = self.backbone.channels
        self.attribute_network = (
            AttributeFeatureNetwork(channels, config.dim, config.attributes, config.regions)
            if config.attribute
            else None
        )
        self.attention_head = self._head() if config.attended else None

    def _head(self) -> IdentityHead:
        config = self.config
        identities = config.num_identities if config.identity else None
        return IdentityHead(self.backbone.channels, identities, config.dim, config.neck)

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns descriptor, logits and maps of B images.

        The descriptor's features come in the order global, part/0 …, attribute/global, …/top, …/middle, …/bottom,
        attention: (B, 12·V) with everything on.
        """
        features = self.backbone(batch.images)  # X (B, Z, h, w)
        maps: dict[str, Tensor] = {}
        attribute_vectors: dict[str, Tensor] = {}
        attribute_logits: dict[str, Tensor] = {}
        if self.attribute_network is not None:
            reduced, vectors, attribute_logits = self.attribute_network(features)
            attribute_vectors = {f"attribute/{name}": vectors[:, i] for i, name in enumerate(REGIONS)}
            with torch.autocast(features.device.type, enabled=False):
                maps = self._attribute_maps(self.attribute_network, reduced, attribute_logits)
        # Heads and pooling cost little and are exact in float32 whatever the backbone computes in.
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            heads = self._identity_heads(features, maps.get("attention_kept"))
            if not self.training:
                maps["id"] = self._identity_map(features, heads["global"])
            vectors_of = {name: head.embedding for name, head in heads.items() if name != "attention"}
            vectors_of |= attribute_vectors
            if "attention" in heads:
                vectors_of["attention"] = heads["attention"].embedding
            if self.config.normalize_heads:
                vectors_of = {name: nn.functional.normalize(vector) for name, vector in vectors_of.items()}
        return PersonOutput(
            features=vectors_of,
            descriptor=() if self.config.descriptor == "all" else ("global",),
            identity_logits={name: head.logits for name, head in heads.items()} if self.config.identity else {},
            attribute_logits={ATTRIBUTE_HEAD: attribute_logits} if attribute_logits else {},
            maps=maps,
            metric_features={name: head.metric for name, head in heads.items()},
        )

    def _attribute_maps(
        self, network: AttributeFeatureNetwork, reduced: Tensor, logits: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """CAMs, and of them AAM (section 3.3, ii): the maximum of the scaled ones and what the threshold keeps of it.

        All are (B, h, w). The CAMs are given as they are: scaled by their own extremes, as AAM wants them, a place
        without any evidence looks bright wherever others speak against the class.
        """
        inside = network.location_weights(reduced) > 0
        cams = network.activation_maps(reduced, logits)  # (B, A, h, w)
        maps = {f"attribute/{name}": cams[:, i] for i, name in enumerate(network.schema.names)}
        if self.attention_head is not None:
            used = [network.schema.names.index(name) for name in self.config.attended]
            maps["attention"] = min_max_scale(cams, inside)[:, used].amax(1)
            maps["attention_kept"] = keep_strong(maps["attention"], self.config.threshold)
        return maps

    def _identity_heads(self, features: Tensor, attention: Tensor | None) -> dict[str, HeadOutput]:
        """GFN, PFN and the attention head: all their regions are pooled in one product."""
        weights = [global_weights(features)]
        if self.config.parts:
            rows = part_rows(features, self.config.num_parts, self.config.parts).float()  # (B, P, h)
            rows = rows / (rows.sum(2, keepdim=True) * features.shape[3])
            weights.append(rows[:, :, :, None].expand(-1, -1, -1, features.shape[3]))
        if attention is not None:
            weights.append(attention[:, None] / attention[0].numel())
        pooled = self.pooling(features, torch.cat(weights, 1)).unbind(1)  # R x (B, Z)
        heads = {"global": self.global_head(pooled[0])}
        heads |= {f"part/{i}": head(pooled[1 + i]) for i, head in enumerate(self.part_heads)}
        if self.attention_head is not None:
            heads["attention"] = self.attention_head(pooled[-1])
        return heads

    def _identity_map(self, features: Tensor, head: HeadOutput) -> Tensor:
        """CAM (B, h, w) of the predicted identity, else of the descriptor: the linearised global head everywhere.

        Its mean is the logit minus the constants of batch norm and bias.
        """
        direction = self.global_head.linearised(head)
        pooled = self.pooling(features, global_weights(features))[:, 0]
        return class_activation_maps(self.pooling.evidence(features, pooled), direction[:, None])[:, 0]
