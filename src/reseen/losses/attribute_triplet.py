"""Triplet loss whose margin attributes move (Schumann, Stiefelhagen; CVPR Workshops 2017, section 4)."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.term import Term, TermConfig
from reseen.models.output import PersonOutput


def attribute_triplet_loss(
    features: Tensor, triplets: Tensor, margin: float = 0.3, beside: Tensor | None = None
) -> Tensor:
    """Returns the mean over triplets of hinge(d⁺ - d⁻ + margin + d⁺_beside - d⁻_beside).

    Distances are squared Euclidean. What stands ``beside`` the features in the descriptor, such as √γ·w⊙a for γ·d_attr,
    gets no gradient: it moves the margin, to where the descriptor as a whole keeps its distance. Where it separates a
    triplet by itself there is nothing left to learn.

    Args:
        features: (B, d) to learn.
        triplets: (T, 3) rows of anchor, positive and negative.
        margin: m.
        beside: (B, d'), or None for the plain triplet loss.
    """
    slack = _slack(features.float(), triplets) + margin
    if beside is not None:
        slack = slack + _slack(beside.detach().float(), triplets)
    return slack.relu().mean()


def _slack(features: Tensor, triplets: Tensor) -> Tensor:
    """Returns d⁺ - d⁻ (T,): negative where the positive is nearer."""
    anchor, positive, negative = features[triplets].unbind(1)
    return (anchor - positive).square().sum(1) - (anchor - negative).square().sum(1)


class AttributeTripletConfig(TermConfig):
    """`attribute_triplet_loss` of metric features; the phase's sampler has to draw triplets.

    Attributes:
        margin: m.
        beside: Name of a feature of the descriptor, such as ``attributes``, that moves the margin; None for none.
    """

    samplers: ClassVar[tuple[str, ...]] = ("triplets",)

    kind: Literal["attribute_triplet"]
    name: str = "triplet"
    heads: tuple[str, ...] = ("global",)
    margin: float = Field(0.3, ge=0)
    beside: str | None = None


class AttributeTriplet(Term[AttributeTripletConfig]):
    """Sum over heads of `attribute_triplet_loss`."""

    def heads(self, output: PersonOutput) -> dict[str, Tensor]:
        if self.config.beside not in (None, *output.features):
            raise ReseenError(
                f"objective term {self.config.title!r} puts its heads beside {self.config.beside!r}, "
                f"but the system's features are: {', '.join(output.features)}; leave beside out, or name an mva in "
                "init.attribute_net"
            )
        chosen = self.chosen(output.metric_features, "metric features")
        if self.config.beside in chosen:
            raise ReseenError(
                f"objective term {self.config.title!r} has {self.config.beside!r} beside itself: "
                "take it out of heads, or leave out beside"
            )
        return chosen

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        if batch.triplets is None:
            raise ReseenError(
                f"objective term {self.config.title!r} needs triplets: sample by triplets (sampler kind: triplets)"
            )
        heads = self.heads(output).values()
        beside = None if self.config.beside is None else output.features[self.config.beside]
        losses = [attribute_triplet_loss(each, batch.triplets, self.config.margin, beside) for each in heads]
        return torch.stack(losses).sum()
