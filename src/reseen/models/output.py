"""What every system returns, so that evaluation, search, explain and the app know none of them by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from torch import Tensor

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PersonOutput:
    """One forward pass over B images.

    Attributes:
        embedding: (B, D) descriptor that images are compared by (Euclidean distance).
        identity_logits: (B, C) by head name, such as ``global``, ``part/0`` … ``part/5``, ``attention``.
        attribute_logits: (B, classes) by attribute name.
        maps: (B, h, w) by name: ``id`` (class activation map of the predicted identity),
            ``attribute/<name>`` (CAM of the predicted class), ``attention`` (merged map, [0, 1]),
            ``attention_kept`` (what the threshold keeps). Whichever the system has.
        metric_features: (B, d) by name: features that metric losses (triplet) work on.
    """

    embedding: Tensor
    identity_logits: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    attribute_logits: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    maps: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
    metric_features: Mapping[str, Tensor] = field(default_factory=lambda: _NOTHING)
