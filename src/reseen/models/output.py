"""What every system returns, so that evaluation, search, explain and the app know none of them by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PersonOutput:
    """One forward pass over B images.

    Attributes:
        features: (B, d) by name, as they stand in the descriptor that images are compared by.
        descriptor: Names of the features the descriptor is made of, in order; all of them by default.
        identity_logits: (B, C) by head name, such as ``global``, ``part/0`` … ``part/5``, ``attention``.
        attribute_logits: (B, classes) by attribute name.
        maps: (B, h, w) by name: ``id`` (class activation map of the predicted identity),
            ``attribute/<name>`` (CAM of the predicted class; negative: evidence against), ``attention`` (merged map,
            [0, 1]), ``attention_kept`` (what the threshold keeps). Whichever the system has.
        metric_features: (B, d) by name: features that metric losses (triplet) work on.
    """

    features: Mapping[str, Tensor]
    descriptor: tuple[str, ...] = ()
    identity_logits: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    attribute_logits: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    maps: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    metric_features: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if not self.descriptor:
            object.__setattr__(self, "descriptor", tuple(self.features))

    @property
    def embedding(self) -> Tensor:
        """The descriptor (B, D): its features side by side."""
        return torch.cat([self.features[name] for name in self.descriptor], 1)
