"""Linear layer, batch norm and what classifies behind them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reseen.data.attributes import Attribute, AttributeSchema, binary, multi_class
from reseen.models.parts.reduction import AttributeClassifier, Reduction

SCHEMA = AttributeSchema("own", (binary("cap"), multi_class("age", "child", "adult", "old"), binary("bag")))


def test_directions_are_the_gradient_of_a_logit() -> None:
    torch.manual_seed(0)
    reduction = Reduction(7, 4, learnt_shift=True).eval()
    for values in (reduction.norm.weight, reduction.norm.running_var):
        nn.init.uniform_(values, 0.5, 2.0)
    nn.init.normal_(reduction.norm.running_mean)
    pooled, row = torch.randn(3, 7, requires_grad=True), torch.randn(3, 4)
    reduced, feature = reduction(pooled)
    torch.testing.assert_close(reduced, pooled @ reduction.linear.weight.T)
    (gradient,) = torch.autograd.grad((row * feature).sum(), pooled)
    torch.testing.assert_close(reduction.directions(row), gradient)


def test_a_binary_attribute_has_one_logit() -> None:
    logits = AttributeClassifier(4, SCHEMA)(torch.randn(2, 4))
    assert {name: tuple(own.shape) for name, own in logits.items()} == {"cap": (2, 1), "age": (2, 3), "bag": (2, 1)}


def test_a_binary_attribute_may_have_two_logits() -> None:
    torch.manual_seed(0)
    classifier = AttributeClassifier(4, SCHEMA, sigmoid=False)
    logits = classifier(torch.randn(2, 4))
    assert {name: tuple(own.shape) for name, own in logits.items()} == {"cap": (2, 2), "age": (2, 3), "bag": (2, 2)}
    rows = classifier.rows({"cap": torch.tensor([1, 0]), "age": torch.tensor([0, 0]), "bag": torch.tensor([0, 0])})
    torch.testing.assert_close(rows["cap"], classifier.linear.weight[[1, 0]])


def test_rows_speak_for_the_class() -> None:
    """Absence has the opposite row of presence."""
    torch.manual_seed(0)
    classifier = AttributeClassifier(4, SCHEMA)
    nn.init.normal_(classifier.linear.bias)
    feature = torch.randn(2, 4)
    logits = classifier(feature)
    rows = classifier.rows({"cap": torch.tensor([1, 0]), "age": torch.tensor([2, 0]), "bag": torch.tensor([0, 0])})
    bias = classifier.linear.bias
    scores = {name: (row * feature).sum(1) for name, row in rows.items()}
    torch.testing.assert_close(scores["cap"], (logits["cap"][:, 0] - bias[0]) * torch.tensor([1, -1]))
    torch.testing.assert_close(scores["age"], logits["age"][[0, 1], [2, 0]] - bias[[3, 1]])
    torch.testing.assert_close(scores["bag"], bias[4] - logits["bag"][:, 0])


def test_a_classifier_begins_with_how_often_each_class_is_seen() -> None:
    schema = AttributeSchema("s", (binary("hat"), multi_class("color", "red", "green", "blue")))
    shares = {"hat": torch.tensor([0.8, 0.2]), "color": torch.tensor([0.5, 0.5, 0.0])}
    one, two = AttributeClassifier(4, schema), AttributeClassifier(4, schema, sigmoid=False)
    for classifier in (one, two):
        classifier.begin_with(shares)
        told = schema.probabilities(classifier(torch.zeros(1, 4)))
        torch.testing.assert_close(told["hat"], torch.tensor([[0.8, 0.2]]))
        torch.testing.assert_close(told["color"], torch.tensor([[0.5, 0.5, 0.001]]) / 1.001)
        classifier.begin_with({"hat": torch.tensor([0.5, 0.5]), "color": torch.ones(3) / 3})
        assert schema.probabilities(classifier(torch.zeros(1, 4)))["hat"][0, 1].item() == pytest.approx(0.2)
    several = AttributeSchema("m", (Attribute("colors", ("red", "green"), "multi_label"),))
    classifier = AttributeClassifier(4, several)
    classifier.begin_with({"colors": torch.tensor([[0.9, 0.1], [0.4, 0.6]])})
    torch.testing.assert_close(
        several.probabilities(classifier(torch.zeros(1, 4)))["colors"], torch.tensor([[0.1, 0.6]])
    )
