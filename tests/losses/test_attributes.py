"""Attribute loss: values by hand for each kind, unknown labels, and the weights of rare classes."""

from __future__ import annotations

import math

import pytest
import torch

from reseen.data.attributes import Attribute, AttributeSchema, binary, multi_class
from reseen.errors import ReseenError
from reseen.losses.attributes import attribute_loss, class_shares, class_weights

SCHEMA = AttributeSchema("own", (binary("hat"), multi_class("color", *"abcdefgh")))
SEVERAL = AttributeSchema("several", (Attribute("color", ("red", "blue"), "multi_label"), binary("hat")))


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
    assert attribute_loss(logits(), torch.tensor(labels), SCHEMA).item() == pytest.approx(expected, abs=1e-6)


def test_unknown_labels_have_no_gradient() -> None:
    scores = logits()
    attribute_loss(scores, torch.tensor([[0, -1], [-1, -1], [1, -1]]), SCHEMA).backward()
    hat, color = scores["hat"].grad, scores["color"].grad
    assert hat is not None
    assert color is not None
    assert hat[1].eq(0).all()
    assert hat[[0, 2]].abs().sum(1).gt(0).all()
    assert color.eq(0).all()


def test_one_logit_is_a_sigmoid() -> None:
    """p = 3/4 for each: −log 3/4 where a hat is, −log 1/4 where none is, nothing where nobody knows."""
    scores = torch.full((3, 1), math.log(3), requires_grad=True)
    loss = attribute_loss({"hat": scores}, torch.tensor([[1, 0], [0, 0], [-1, 0]]), SCHEMA)
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)
    loss.backward()
    assert scores.grad is not None
    assert scores.grad[:, 0].tolist() == pytest.approx([-1 / 8, 3 / 8, 0])


def test_each_class_of_several_is_a_sigmoid_and_their_mean_counts_as_one_attribute() -> None:
    scores = {
        "color": torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0]]),  # p = 3/4, 1/2
        "hat": torch.tensor([[0.0], [math.log(3)]]),
    }
    labels = torch.tensor([[1, 1, 0], [0, -1, 1]])  # red and blue, no hat; not red, hat
    color = (math.log(4 / 3) + math.log(2) + math.log(4)) / 3
    hat = (math.log(2) + math.log(4 / 3)) / 2
    assert attribute_loss(scores, labels, SEVERAL).item() == pytest.approx((color + hat) / 2)


def test_a_head_may_predict_some_attributes_only() -> None:
    labels = torch.tensor([[0, 1], [1, 2], [0, 7]])
    assert attribute_loss({"color": logits()["color"]}, labels, SCHEMA).item() == pytest.approx(math.log(8))
    with pytest.raises(ReseenError, match="has no attribute 'shoes'"):
        attribute_loss({"shoes": torch.zeros(3, 2)}, labels, SCHEMA)


def test_columns_must_fit_the_attributes() -> None:
    with pytest.raises(ValueError, match="do not have the columns of schema 'own'"):
        attribute_loss(logits(), torch.zeros(3, 3, dtype=torch.long), SCHEMA)


def test_shares_of_classes_among_known_labels() -> None:
    labels = torch.tensor([[1, 0, 0], [1, 1, 1], [0, -1, -1], [0, 0, 0]])
    shares = class_shares(labels, SEVERAL)
    torch.testing.assert_close(shares["color"], torch.tensor([[1 / 2, 1 / 2], [2 / 3, 1 / 3]]))
    torch.testing.assert_close(shares["hat"], torch.tensor([2 / 3, 1 / 3]))
    weights = class_weights(shares)
    torch.testing.assert_close(weights["color"], torch.tensor([[1.0, 1.0], [3 / 4, 3 / 2]]))
    torch.testing.assert_close(weights["hat"], torch.tensor([3 / 4, 3 / 2]))


def test_a_class_that_never_occurs_weighs_nothing() -> None:
    shares = class_shares(torch.tensor([[0, 1], [0, 2], [-1, 2]]), SCHEMA)
    weights = class_weights(shares)
    assert weights["hat"].tolist() == [1 / 2, 0]
    torch.testing.assert_close(weights["color"], torch.tensor([0, 3 / 8, 3 / 16, 0, 0, 0, 0, 0]))


@pytest.mark.parametrize("form", ["one logit", "two logits", "multi-label"])
def test_weights_make_it_the_weighted_sigmoid_cross_entropy(form: str) -> None:
    """Yu et al.: −1/N Σ [q log p / (2w) + (1 − q) log(1 − p) / (2(1 − w))], w the share of positives in training."""
    w, p = 0.1, torch.tensor([0.7, 0.2, 0.4, 0.9])
    q = torch.tensor([1, 0, 1, 0])
    expected = -(q * p.log() / (2 * w) + (1 - q) * (1 - p).log() / (2 * (1 - w))).mean().item()
    training = torch.tensor([[1]] + [[0]] * 9)
    kind = Attribute("hat", ("hat",), "multi_label") if form == "multi-label" else binary("hat")
    schema = AttributeSchema("own", (kind,))
    scores = torch.logit(p)[:, None]
    if form == "two logits":
        scores = torch.cat([torch.zeros_like(scores), scores], 1)
    weights = class_weights(class_shares(training, schema))
    assert attribute_loss({"hat": scores}, q[:, None], schema, weights).item() == pytest.approx(expected, rel=1e-5)
    assert attribute_loss({"hat": scores}, q[:, None], schema).item() != pytest.approx(expected, rel=0.1)


def test_weights_of_several_classes_by_hand() -> None:
    """All logits 0: each image counts log 8 times 1 / (8 · share) of its class."""
    training = torch.tensor([[-1, 0]] * 3 + [[-1, 1]])
    weights = class_weights(class_shares(training, SCHEMA))
    labels = torch.tensor([[-1, 0], [-1, 1]])
    loss = attribute_loss({"color": torch.zeros(2, 8)}, labels, SCHEMA, weights)
    assert loss.item() == pytest.approx(math.log(8) * (1 / 6 + 1 / 2) / 2)
