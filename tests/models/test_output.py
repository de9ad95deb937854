"""What a system returns: its descriptor, and probabilities from several heads."""

from __future__ import annotations

import math

import torch

from reseen.data.attributes import Attribute, AttributeSchema, binary
from reseen.models.output import PersonOutput

SCHEMA = AttributeSchema("own", (binary("hat"), Attribute("color", ("red", "blue"), "multi_label"), binary("bag")))
FEATURES = {"global": torch.tensor([[1.0, 2.0]]), "part/0": torch.tensor([[3.0]])}


def test_the_descriptor_is_its_features_side_by_side() -> None:
    assert PersonOutput(FEATURES).embedding.tolist() == [[1, 2, 3]]
    assert PersonOutput(FEATURES, ("part/0", "global")).embedding.tolist() == [[3, 1, 2]]


def test_probabilities_are_the_mean_over_the_heads_that_predict_an_attribute() -> None:
    three = math.log(3)
    heads = {
        "whole": {"color": torch.tensor([[three, 0.0]]), "hat": torch.tensor([[three]])},
        "upper": {"hat": torch.tensor([[0.0]])},
    }
    told = PersonOutput(FEATURES, attribute_logits=heads).attribute_probabilities(SCHEMA)
    assert list(told) == ["hat", "color"]
    torch.testing.assert_close(told["hat"], torch.tensor([[3 / 8, 5 / 8]]))  # yes: the mean of 3/4 and 1/2
    torch.testing.assert_close(told["color"], torch.tensor([[3 / 4, 1 / 2]]))


def test_a_system_without_attributes_has_no_probabilities() -> None:
    assert PersonOutput(FEATURES).attribute_probabilities(None) == {}
