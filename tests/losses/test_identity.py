"""Cross-entropy with label smoothing."""

from __future__ import annotations

import math

import pytest
import torch

from reseen.data.person import NO_LABEL
from reseen.losses.identity import identity_loss


@pytest.mark.parametrize(
    ("smoothing", "expected"),
    [
        (0.0, math.log(1 + 2 / math.e)),
        # target (.9 + .1/3, .1/3, .1/3) against log-probabilities (-L, -L-1, -L-1), L = log(1 + 2/e)
        (0.1, math.log(1 + 2 / math.e) + 0.2 / 3),
    ],
)
def test_value_by_hand(smoothing: float, expected: float) -> None:
    logits = torch.tensor([[1.0, 0.0, 0.0]])
    assert identity_loss(logits, torch.tensor([0]), smoothing).item() == pytest.approx(expected, abs=1e-6)


def test_half_precision_logits_give_a_float32_loss() -> None:
    assert identity_loss(torch.zeros(2, 3, dtype=torch.bfloat16), torch.tensor([0, 2])).dtype == torch.float32


def test_unknown_persons_are_left_out() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 5.0], [1.0, 1.0]], requires_grad=True)
    loss = identity_loss(logits, torch.tensor([0, NO_LABEL, 1]), 0.1)
    assert loss == identity_loss(logits[[0, 2]], torch.tensor([0, 1]), 0.1)
    loss.backward()
    assert logits.grad is not None
    assert (logits.grad[1] == 0).all()
    assert (logits.grad[0] != 0).all()


def test_a_batch_of_unknown_persons_has_no_loss() -> None:
    logits = torch.ones(2, 3, requires_grad=True)
    loss = identity_loss(logits, torch.tensor([NO_LABEL, NO_LABEL]))
    loss.backward()
    assert loss == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()
