"""Attribute loss with unknown labels."""

from __future__ import annotations

import math

import pytest
import torch

from reseen.losses.attributes import attribute_loss


def logits() -> dict[str, torch.Tensor]:
    return {
        "hat": torch.tensor([[0.0, 0.0], [0.0, math.log(3)], [50.0, 0.0]], requires_grad=True),
        "color": torch.zeros(3, 8, requires_grad=True),
    }


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # hat: log 2, log 4/3, 0; colour: log 8
        ([[0, 1], [1, 2], [0, 7]], ((math.log(2) + math.log(4 / 3)) / 3 + math.log(8)) / 2),
        # unknown labels are not averaged over
        ([[0, 1], [-1, 2], [-1, -1]], (math.log(2) + math.log(8)) / 2),
        # an attribute nobody has a label for does not count
        ([[-1, 1], [-1, 2], [-1, 7]], math.log(8)),
        ([[-1, -1], [-1, -1], [-1, -1]], 0.0),
    ],
)
def test_value_by_hand(labels: list[list[int]], expected: float) -> None:
    assert attribute_loss(logits(), torch.tensor(labels)).item() == pytest.approx(expected, abs=1e-6)


def test_unknown_labels_have_no_gradient() -> None:
    scores = logits()
    attribute_loss(scores, torch.tensor([[0, -1], [-1, -1], [1, -1]])).backward()
    hat, color = scores["hat"].grad, scores["color"].grad
    assert hat is not None
    assert color is not None
    assert hat[1].eq(0).all()
    assert hat[[0, 2]].abs().sum(1).gt(0).all()
    assert color.eq(0).all()


def test_columns_must_fit_the_attributes() -> None:
    with pytest.raises(ValueError, match="zip"):
        attribute_loss(logits(), torch.zeros(3, 3, dtype=torch.long))
