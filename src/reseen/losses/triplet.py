"""Batch-hard triplet loss (Hermans, Beyer, Leibe: In Defense of the Triplet Loss, 2017)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from reseen.data.batch import PersonBatch
from reseen.data.person import NO_LABEL
from reseen.errors import ReseenError
from reseen.losses.term import Term, TermConfig
from reseen.models.output import PersonOutput

Margin = Annotated[float, Field(ge=0)] | Literal["soft"]


def batch_hard_triplet_loss(features: Tensor, labels: Tensor, margin: Margin = 0.3) -> Tensor:
    """Returns the mean over anchors of hinge(margin + farthest positive - nearest negative), eq. 5.

    Distances are Euclidean, on features as they are. Anchors without a positive or negative are left out,
    and so are images of unknown persons.

    Args:
        features: (B, d).
        labels: (B,) class indices, ``NO_LABEL`` for unknown persons.
        margin: Of the hinge, or ``soft`` for softplus(positive - negative).

    Raises:
        ReseenError: If no anchor has both a positive and a negative.
    """
    features = features.float()
    # Differences, not the matrix-product form, whose rounding hides small distances.
    distances = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")
    known = labels != NO_LABEL
    pairs = known[:, None] & known[None]  # an unknown person may be any of the others
    same = labels[:, None] == labels[None]
    positive = pairs & same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    negative = pairs & ~same
    anchors = positive.any(1) & negative.any(1)
    if not anchors.any():
        raise ReseenError(
            "the triplet loss finds no person with two images beside another person in the batch; "
            "sample by identities (sampler kind: identities)"
        )
    farthest = distances.masked_fill(~positive, -torch.inf).amax(1)
    nearest = distances.masked_fill(~negative, torch.inf).amin(1)
    # Of an image that is no anchor this is -inf, and its loss 0.
    losses = functional.softplus(farthest - nearest) if margin == "soft" else (margin + farthest - nearest).relu()
    return losses.sum() / anchors.sum()


class TripletConfig(TermConfig):
    """`batch_hard_triplet_loss` of metric features.

    Parts are left out by default: a part alone often cannot tell two persons apart, and the loss then collapses.

    Attributes:
        margin: Of the hinge, or ``soft``.
    """

    samplers: ClassVar[tuple[str, ...]] = ("identities", "triplets")

    kind: Literal["triplet"]
    name: str = "triplet"
    heads: tuple[str, ...] = ("global",)
    margin: Margin = 0.3


class Triplet(Term[TripletConfig]):
    """Sum over heads of `batch_hard_triplet_loss`."""

    def heads(self, output: PersonOutput) -> dict[str, Tensor]:
        return self.chosen(output.metric_features, "metric features")

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        if batch.labels is None:
            raise ReseenError(f"objective term {self.config.title!r}: these images have no person ids to learn")
        heads = self.heads(output).values()
        losses = [batch_hard_triplet_loss(features, batch.labels, self.config.margin) for features in heads]
        return torch.stack(losses).sum()
