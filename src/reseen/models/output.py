"""What every system returns, so that evaluation, search, explain and the app know none of them by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from reseen.data.attributes import AttributeSchema

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PersonOutput:
    """One forward pass over B images.

    Attributes:
        features: (B, d) by name, as they stand in the descriptor that images are compared by.
        descriptor: Names of the features the descriptor is made of, in order; all of them by default.
        identity_logits: (B, C) by head name, such as ``global``, ``part/0`` … ``part/5``, ``attention``.
        attribute_logits: Of each head, by attribute name: (B, classes), or (B, 1) for a binary attribute with a
            sigmoid. Heads may predict the same attributes.
        maps: (B, h, w) by name: ``id`` (class activation map of the predicted identity),
            ``attribute/<name>`` (CAM of the predicted class; negative: evidence against), ``attention`` (merged map,
            [0, 1]), ``attention_kept`` (what the threshold keeps). Whichever the system has.
        metric_features: (B, d) by name: features that metric losses (triplet) work on.
        weights: (B,) in (0, 1) by the name of what they weigh: how much the system makes of each of its channels or
            parts in each picture.
    """

    features: Mapping[str, Tensor]
    descriptor: tuple[str, ...] = ()
    identity_logits: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    attribute_logits: Mapping[str, Mapping[str, Tensor]] = field(default_factory=lambda: _NOTHING)
    maps: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    metric_features: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    weights: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if not self.descriptor:
            object.__setattr__(self, "descriptor", tuple(self.features))

    @property
    def embedding(self) -> Tensor:
        """The descriptor (B, D): its features side by side."""
        return torch.cat([self.features[name] for name in self.descriptor], 1)

    def attribute_probabilities(self, schema: AttributeSchema | None) -> dict[str, Tensor]:
        """Returns (B, classes) by attribute name in the schema's order: the mean over the heads that predict it.

        Args:
            schema: The attributes the system predicts; None if it predicts none.
        """
        heads = [schema.probabilities(logits) for logits in self.attribute_logits.values()] if schema else []
        tables: dict[str, Tensor] = {}
        for name in schema.names if schema else ():
            if told := [head[name] for head in heads if name in head]:
                tables[name] = torch.stack(told).mean(0)
        return tables
