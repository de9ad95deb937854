"""ACRN: attribute-complementary re-id net (Schumann, Stiefelhagen; CVPR Workshops 2017, section 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.inception import BasicConv2d, InceptionA

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.models.contained import Contained
from reseen.models.mva import MultiViewAttributeNet, MultiViewAttributeNetConfig
from reseen.models.output import PersonOutput
from reseen.models.parts.backbones.inception import PoolingInception, ResidualInception
from reseen.models.parts.head import HeadOutput, IdentityHead

ATTRIBUTES = "attributes"
"""Name of the view that the attribute net sees, of what it says of a picture, and of the feature made of it."""
_CELLS = (5, 2)
"""Size of the last map of a picture of 160×64."""


class AttributeNetConfig(Contained):
    """The frozen MVA within.

    Attributes:
        model: Its configuration.
    """

    model: MultiViewAttributeNetConfig


class AttributeComplementaryNetConfig(BaseModel):
    """ACRN's configuration; the defaults are the paper's.

    Attributes:
        num_identities: C, persons in the training set.
        reid_net: Whether there is one; without it the attributes stand alone (baseline "Attributes").
        attribute_net: Follows from the checkpoint that a recipe's ``init.attribute_net`` names. Without one the re-id
            net stands alone (baseline "ReIdCNN").
        gamma: γ, the attributes' share in the distance.
        dim: Size of the re-id feature.
        neck: Of the identity head; see `IdentityHead`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["acrn"] = "acrn"
    num_identities: int = Field(751, ge=1, le=10_000_000)
    reid_net: bool = True
    attribute_net: AttributeNetConfig | None = None
    gamma: float = Field(0.5, gt=0, le=1e3)
    dim: int = Field(512, ge=1, le=65_536)
    neck: Literal["none", "bnneck"] = "none"

    @property
    def attributes(self) -> AttributeSchema | None:
        """What the attribute net predicts."""
        return None if self.attribute_net is None else self.attribute_net.model.attributes


class ReIdNet(nn.Module):
    """The re-id network for pictures of 160×64: inception blocks with and without residual connections.

    Args:
        num_identities: C.
        dim: Size of the feature.
        neck: Of the identity head.
    """

    def __init__(self, num_identities: int, dim: int, neck: Literal["none", "bnneck"]) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            BasicConv2d(3, 32, kernel_size=3, stride=2, padding=1),
            BasicConv2d(32, 32, kernel_size=3, padding=1),
            BasicConv2d(32, 48, kernel_size=3, padding=1),
            BasicConv2d(48, 64, kernel_size=3, padding=1),
            nn.MaxPool2d(3, 2, padding=1),
            InceptionA(64, pool_features=32),  # 64 + 64 + 96 + 32 = 256 channels
        )
        self.blocks = nn.Sequential(
            ResidualInception(256, 32),
            PoolingInception(256, 384, 64),
            ResidualInception(384, 96),
            PoolingInception(384, 640, 96),
            ResidualInception(640, 128),
            ResidualInception(640, 128),
            ResidualInception(640, 128),
            PoolingInception(640, 1024, 128),
        )
        self.pooling = nn.AdaptiveAvgPool2d(_CELLS)  # changes nothing at 160×64; other sizes fit, too
        self.head = IdentityHead(1024 * _CELLS[0] * _CELLS[1], num_identities, dim, neck)

    def forward(self, images: Tensor) -> HeadOutput:
        """Maps images (B, 3, H, W) to descriptor, metric feature and logits; the features are not normalised."""
        cells = self.pooling(self.blocks(self.stem(images)))
        with torch.autocast(images.device.type, enabled=False):  # the head is small: exact in float32
            output: HeadOutput = self.head(cells.float().flatten(1))
        return output


class WeightLayer(nn.Module):
    """Multiplies each attribute by a weight that is learnt for the whole data set, whatever the picture.

    Args:
        attributes: A, how many there are.
    """

    def __init__(self, attributes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(attributes))

    def forward(self, attributes: Tensor) -> Tensor:
        """Maps (B, A) to (B, A)."""
        return attributes * self.weight


class AttributeComplementaryNet(nn.Module):
    """A re-id net that learns what the attributes of a frozen net do not tell already.

    The descriptor [f, √γ·w⊙a] is such that squared Euclidean distances between descriptors are d + γ·d_attr, feature
    distance plus γ times weighted attribute distance, both squared Euclidean, f of length 1.

    Args:
        config: The configuration.

    Attributes:
        extra_sizes: The view that the attribute net sees.

    Raises:
        ReseenError: If neither of the two nets is there.
    """

    citation: ClassVar[str] = MultiViewAttributeNet.citation

    def __init__(self, config: AttributeComplementaryNetConfig) -> None:
        super().__init__()
        if not config.reid_net and config.attribute_net is None:
            raise ReseenError("nothing is left of acrn: name an mva in init.attribute_net, or set reid_net: true")
        self.config = config
        self.reid_net = ReIdNet(config.num_identities, config.dim, config.neck) if config.reid_net else None
        self.attribute_net: MultiViewAttributeNet | None = None
        self.extra_sizes: Mapping[str, tuple[int, int]] = {}
        if config.attribute_net is not None:
            self.extra_sizes = {ATTRIBUTES: config.attribute_net.size}
            self.attribute_net = MultiViewAttributeNet(config.attribute_net.model).requires_grad_(False)
            self.weights = WeightLayer(self.attribute_net.classifier.out_features)
        self.train()

    def train(self, mode: bool = True) -> AttributeComplementaryNet:
        """Switches to training mode, all but the attribute net."""
        super().train(mode)
        if self.attribute_net is not None:
            self.attribute_net.eval()
        return self

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns descriptor, identity logits of the re-id net, and the attributes' logits unless they are given."""
        features: dict[str, Tensor] = {}
        metric: dict[str, Tensor] = {}
        identity: dict[str, Tensor] = {}
        attribute: Mapping[str, Mapping[str, Tensor]] = {}
        if self.reid_net is not None:
            head = self.reid_net(batch.images)
            features["global"] = functional.normalize(head.embedding)
            metric["global"] = functional.normalize(head.metric)
            identity["global"] = head.logits
        if self.attribute_net is not None:
            predicted = batch.given.get(ATTRIBUTES)
            if predicted is None:
                output = self._attributes(batch)
                predicted, attribute = output.features[ATTRIBUTES], output.attribute_logits
            metric[ATTRIBUTES] = self.weights(predicted)
            features[ATTRIBUTES] = math.sqrt(self.config.gamma) * metric[ATTRIBUTES]
        return PersonOutput(
            features=features, identity_logits=identity, attribute_logits=attribute, metric_features=metric
        )

    def fixed(self, batch: PersonBatch) -> dict[str, Tensor]:
        """Returns what training never changes, and so need not be computed in each step: the attributes (B, A)."""
        return {} if self.attribute_net is None else {ATTRIBUTES: self._attributes(batch).features[ATTRIBUTES]}

    def attribute_weights(self) -> dict[str, float]:
        """Returns |w| of each attribute, of several classes by ``upper_color:black``; empty if none were learnt."""
        if self.attribute_net is None or bool((self.weights.weight == 1).all()):  # as it begins
            return {}
        return dict(zip(self.attribute_net.columns, self.weights.weight.detach().abs().tolist(), strict=True))

    def _attributes(self, batch: PersonBatch) -> PersonOutput:
        assert self.attribute_net is not None
        with torch.no_grad():
            output: PersonOutput = self.attribute_net(replace(batch, images=batch.views[ATTRIBUTES]))
        return output
