"""Batch-hard triplets on points of a line."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch

from reseen.data.person import NO_LABEL
from reseen.errors import ReseenError
from reseen.losses.triplet import batch_hard_triplet_loss


@pytest.mark.parametrize(
    ("positions", "labels", "margin", "expected"),
    [
        # farthest positive - nearest negative: 2-3, 2-1, 1-1 and 1-2 (for 3.), 1-3, …
        ([0, 2, 3, 4], [0, 0, 1, 1], 0.3, (0 + 1.3 + 0.3 + 0) / 4),
        ([0, 2, 3, 4], [0, 0, 1, 1], 1.5, (0.5 + 2.5 + 1.5 + 0.5) / 4),
        ([0, 2, 3, 4], [0, 0, 1, 1], "soft", sum(math.log1p(math.exp(x)) for x in (-1, 1, 0, -1)) / 4),
        # the hardest of several positives and negatives
        ([0, 1, 5, 2, 9], [0, 0, 0, 1, 1], 0.0, (3 + 3 + 2 + 6 + 3) / 5),
        # a person with one image has no positive and is no anchor, but is a negative
        ([0, 2, 3], [0, 0, 1], 0.0, (0 + 1) / 2),
        ([0, 0, 9, 9], [0, 0, 1, 1], 0.3, 0.0),
    ],
)
def test_value_by_hand(
    positions: list[float], labels: list[int], margin: float | Literal["soft"], expected: float
) -> None:
    features = torch.tensor(positions, dtype=torch.float32)[:, None]
    assert batch_hard_triplet_loss(features, torch.tensor(labels), margin).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [5, 5, 5, 5]])
def test_batch_without_triplets(labels: list[int]) -> None:
    with pytest.raises(ReseenError, match="sample by identities"):
        batch_hard_triplet_loss(torch.rand(4, 2), torch.tensor(labels))


def test_equal_images_give_a_finite_gradient() -> None:
    features = torch.zeros(4, 3, requires_grad=True)
    loss = batch_hard_triplet_loss(features, torch.tensor([0, 0, 1, 1]), 0.3)
    loss.backward()
    assert loss.item() == pytest.approx(0.3)
    assert features.grad is not None
    assert features.grad.isfinite().all()


def test_half_precision_features_give_a_float32_loss() -> None:
    loss = batch_hard_triplet_loss(torch.rand(4, 3).bfloat16(), torch.tensor([0, 0, 1, 1]))
    assert loss.dtype == torch.float32


def test_unknown_persons_are_neither_anchors_nor_positives_nor_negatives() -> None:
    """Distances on a line: the unknown persons lie nearest and farthest, where they would decide everything."""
    features = torch.tensor([[0.0], [1.0], [3.0], [0.1], [90.0]], requires_grad=True)
    labels = torch.tensor([0, 0, 1, NO_LABEL, NO_LABEL])
    loss = batch_hard_triplet_loss(features, labels, 2.5)
    # Anchors 0 and 1: 2.5 + 1 - 3 and 2.5 + 1 - 2; the third person has no positive.
    assert loss.item() == pytest.approx((0.5 + 1.5) / 2)
    loss.backward()
    assert features.grad is not None
    assert (features.grad[3:] == 0).all()
