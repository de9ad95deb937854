"""Colours as one attribute, as several at once, and one by one: labels and predictions, there and back."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.data.attribute_forms import (
    color_names,
    convert,
    convert_labels,
    convert_probabilities,
    families,
)
from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA, Attribute, AttributeSchema, binary, multi_class

ONE = AttributeSchema("one", (binary("hat"), multi_class("color", "black", "red", "blue")))
APART = ONE.as_binary()
SEVERAL = AttributeSchema("several", (Attribute("color", ("red", "black"), "multi_label"),))


@pytest.mark.parametrize(("schema", "count"), [(MARKET1501_SCHEMA, 27), (DUKE_SCHEMA, 23)])
def test_colours_one_by_one_are_as_many_as_iva_has(schema: AttributeSchema, count: int) -> None:
    assert len(schema.as_binary(color_names(schema))) == count


def test_labels_there_and_back() -> None:
    labels = [{"hat": 1, "color": 2}, {"color": 0}, {"hat": 0}]
    apart = convert_labels(labels, ONE, APART)
    assert apart == [
        {"hat": 1, "color:black": 0, "color:red": 0, "color:blue": 1},
        {"color:black": 1, "color:red": 0, "color:blue": 0},
        {"hat": 0},
    ]
    assert convert_labels(apart, APART, ONE) == labels


@pytest.mark.parametrize(
    ("apart", "color"),
    [
        ([0, 0, 1], 2),
        ([1, -1, -1], 0),  # one is there; a choice of one leaves nothing open
        ([0, 0, 0], -1),
        ([1, 1, 0], -1),
        ([0, 0, -1], -1),
    ],
)
def test_a_choice_is_known_where_exactly_one_is_there(apart: list[int], color: int) -> None:
    assert convert(np.array([[1, *apart]]), APART, ONE).tolist() == [[1, color]]


def test_classes_go_by_name_and_what_is_not_said_is_unknown() -> None:
    assert convert_labels([{"color": 1}, {"color": 2}], ONE, SEVERAL) == [{"color": 0b01}, {"color": 0b00}]
    assert convert(np.array([[1, 1], [0, 1]]), SEVERAL, ONE).tolist() == [[-1, -1], [-1, 0]]
    assert convert(np.array([[0, 1]]), SEVERAL, APART).tolist() == [[-1, 1, 0, -1]]
    other = AttributeSchema("other", (multi_class("color", "green", "blue", "black"), binary("bag")))
    assert convert_labels([{"color": 0, "hat": 1}, {"color": 1}], ONE, other) == [{"color": 2}, {}]


def test_predictions_one_by_one_become_a_choice() -> None:
    yes = np.array([[0.2, 0.6, 0.4], [0.1, 0.0, 0.3]], dtype=np.float32)
    tables = {f"color:{name}": np.stack([1 - p, p], 1) for name, p in zip(("black", "red", "blue"), yes.T, strict=True)}
    told = convert_probabilities(tables, APART.as_binary(), AttributeSchema("colors", (ONE["color"],)))
    np.testing.assert_allclose(told["color"], [[1 / 6, 3 / 6, 2 / 6], [1 / 4, 0, 3 / 4]], rtol=1e-6)
    together = convert_probabilities(tables, APART, families(APART))
    np.testing.assert_array_equal(together["color"], yes)


def test_a_choice_becomes_predictions_one_by_one() -> None:
    told = convert_probabilities({"color": np.array([[0.5, 0.3, 0.2]], dtype=np.float32)}, ONE, SEVERAL.as_binary())
    assert list(told) == ["color:red", "color:black"]
    np.testing.assert_allclose(told["color:red"], [[0.7, 0.3]], rtol=1e-6)


def test_predictions_of_what_the_model_does_not_know_are_left_out() -> None:
    tables = {"hat": np.array([[0.5, 0.5]], dtype=np.float32)}
    model = AttributeSchema("model", (binary("hat"),))
    assert list(convert_probabilities(tables, model, ONE)) == ["hat"]
    other = AttributeSchema("other", (binary("hat", ("yes", "no")),))
    assert convert_probabilities(tables, model, other) == {}


def test_families_are_gathered() -> None:
    assert families(APART) == AttributeSchema("one", (Attribute("color", ("black", "red", "blue"), "multi_label"),))
    assert len(families(ONE)) == 0
