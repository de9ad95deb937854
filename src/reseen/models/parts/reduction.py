"""A pooled feature made shorter, and what classifies it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema

_RAREST = 1e-3
"""Share of a class that is hardly ever seen: its logarithm has to be a number."""


class Reduction(nn.Module):
    """Linear Z → V, then batch norm (IVA; spec, Decision).

    Args:
        in_channels: Z.
        dim: V.
        learnt_shift: Whether the batch norm learns one.
    """

    def __init__(self, in_channels: int, dim: int, learnt_shift: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(in_channels, dim, bias=False)  # batch norm follows, so a bias would be lost
        self.norm = nn.BatchNorm1d(dim)
        self.norm.bias.requires_grad_(learnt_shift)
        nn.init.kaiming_normal_(self.linear.weight, mode="fan_in", nonlinearity="relu")

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Maps pooled features (B, Z) to (B, V) before and after the batch norm."""
        reduced = self.linear(pooled)
        return reduced, self.norm(reduced)

    def directions(self, rows: Tensor) -> Tensor:
        """Turns classifier rows (..., V) into directions (..., Z) in which the pooled feature raises their logits.

        In eval mode row · feature = direction · pooled + a constant.
        """
        assert self.norm.running_var is not None
        scale = self.norm.weight * (self.norm.running_var + self.norm.eps).rsqrt()
        return (rows * scale) @ self.linear.weight


class AttributeClassifier(nn.Module):
    """Logits of those attributes that a feature predicts.

    Args:
        dim: V.
        schema: The attributes.
        sigmoid: Whether a binary attribute has one logit, for a sigmoid, or two, for a softmax; others: one a class.
    """

    def __init__(self, dim: int, schema: AttributeSchema, *, sigmoid: bool = True) -> None:
        super().__init__()
        self.schema = schema
        self.widths = [attribute.logits(sigmoid=sigmoid) for attribute in schema]
        self.linear = linear_classifier(dim, sum(self.widths))

    def begin_with(self, shares: Mapping[str, Tensor]) -> None:
        """Starts from how often each class is seen, unless something has been learnt already.

        Features that a batch norm has centred say nothing of it, and a bias that starts at 0 needs thousands of steps.

        Args:
            shares: (K,) by attribute name, or (classes, 2) where several classes can be present at once: see
                `reseen.losses.attributes.class_shares`.
        """
        if self.linear.bias.any():
            return
        logs = [shares[attribute.name].clamp(min=_RAREST).log() for attribute in self.schema]
        # One logit tells how much likelier the second class is than the first.
        own = [
            log if len(log) == width and log.ndim == 1 else log[..., 1] - log[..., 0]
            for log, width in zip(logs, self.widths, strict=True)
        ]
        with torch.no_grad():
            self.linear.bias.copy_(torch.cat([each.reshape(-1) for each in own]))

    def forward(self, feature: Tensor) -> dict[str, Tensor]:
        """Maps a feature (B, V) to logits by attribute name."""
        logits: Tensor = self.linear(feature)
        return dict(zip(self.schema.names, torch.split(logits, self.widths, 1), strict=True))

    def rows(self, classes: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns (B, V) by attribute name: what speaks for the given classes (B,)."""
        rows = {}
        for attribute, own in zip(self.schema, torch.split(self.linear.weight, self.widths), strict=True):
            every = torch.cat([-own, own]) if attribute.kind == "binary" and len(own) == 1 else own
            rows[attribute.name] = every[classes[attribute.name]]
        return rows


def linear_classifier(dim: int, classes: int, *, bias: bool = True) -> nn.Linear:
    """Returns a classifier that starts next to zero."""
    linear = nn.Linear(dim, classes, bias=bias)
    nn.init.normal_(linear.weight, std=0.001)
    if bias:
        nn.init.zeros_(linear.bias)
    return linear
