"""Batch-hard triplet loss (Hermans, Beyer, Leibe: In Defense of the Triplet Loss, 2017)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from reseen.errors import ReseenError


def batch_hard_triplet_loss(features: Tensor, labels: Tensor, margin: float | Literal["soft"] = 0.3) -> Tensor:
    """Returns the mean over anchors of hinge(margin + farthest positive - nearest negative), eq. 5.

    Distances are Euclidean, on features as they are. Anchors without a positive or negative are left out.

    Args:
        features: (B, d).
        labels: (B,) class indices.
        margin: Of the hinge, or ``soft`` for softplus(positive - negative).

    Raises:
        ReseenError: If no anchor has both a positive and a negative.
    """
    features = features.float()
    # Differences, not the matrix-product form, whose rounding hides small distances.
    distances = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")
    same = labels[:, None] == labels[None]
    positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    anchors = positive.any(1) & (~same).any(1)
    if not anchors.any():
        raise ReseenError(
            "the triplet loss finds no person with two images beside another person in the batch; "
            "sample by identities (sampler kind: identities)"
        )
    farthest = distances.masked_fill(~positive, -torch.inf).amax(1)[anchors]
    nearest = distances.masked_fill(same, torch.inf).amin(1)[anchors]
    if margin == "soft":
        return functional.softplus(farthest - nearest).mean()
    return (margin + farthest - nearest).relu().mean()
