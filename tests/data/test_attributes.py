"""Schemas: kinds, labels in columns, and from logits to probabilities."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from reseen.data.attributes import (
    DUKE_SCHEMA,
    MARKET1501_SCHEMA,
    UNKNOWN,
    Attribute,
    AttributeSchema,
    Kind,
    binary,
    multi_class,
)
from reseen.errors import ReseenError

COLORS = Attribute("color", ("black", "red", "blue"), "multi_label")
SEVERAL = AttributeSchema("several", (binary("hat"), COLORS, multi_class("age", "child", "adult", "old")))


@pytest.mark.parametrize(
    ("schema", "sizes"),
    [
        (MARKET1501_SCHEMA, [2, 4, 2, 2, 2, 2, 2, 2, 2, 2, 8, 9]),
        (DUKE_SCHEMA, [2, 2, 2, 2, 2, 2, 2, 2, 8, 7]),
    ],
)
def test_schemas_are_the_papers(schema: AttributeSchema, sizes: list[int]) -> None:
    assert [len(attribute.classes) for attribute in schema] == sizes
    assert all((attribute.kind == "binary") == (len(attribute.classes) == 2) for attribute in schema)


@pytest.mark.parametrize(
    ("classes", "kind", "says"),
    [
        (("yes",), "binary", "binary attribute 'hat' has 1 classes; it needs two"),
        (("a", "b", "c"), "binary", "it needs two"),
        (("no", "yes"), "multi_class", "one of two is binary"),
        ((), "multi_label", "1 to 62"),
        (tuple(map(str, range(63))), "multi_label", "1 to 62"),
        (("no", "no"), "binary", "has a class twice"),
    ],
)
def test_classes_must_fit_the_kind(classes: tuple[str, ...], kind: Kind, says: str) -> None:
    with pytest.raises(ReseenError, match=re.escape(says)):
        Attribute("hat", classes, kind)


def test_two_attributes_of_one_name_are_refused() -> None:
    with pytest.raises(ReseenError, match="two attributes called 'hat'"):
        AttributeSchema("own", (binary("hat"), binary("hat")))


def test_missing_labels_are_encoded_as_unknown() -> None:
    encoded = DUKE_SCHEMA.encode([{"gender": 1}, {}])
    assert encoded.shape == (2, 10)
    assert encoded[0, 0] == 1
    assert (encoded == UNKNOWN).sum() == 19


def test_no_images_encode_to_no_rows() -> None:
    assert DUKE_SCHEMA.encode([]).shape == (0, 10)


def test_a_set_of_classes_has_a_column_for_each() -> None:
    assert SEVERAL.columns == {"hat": slice(0, 1), "color": slice(1, 4), "age": slice(4, 5)}
    labels = [{"hat": 1, "color": 0b101, "age": 2}, {"color": 0}, {"hat": 0, "age": 0}]
    encoded = SEVERAL.encode(labels)
    assert encoded.tolist() == [[1, 1, 0, 1, 2], [-1, 0, 0, 0, -1], [0, -1, -1, -1, 0]]
    assert SEVERAL.decode(encoded) == labels


def test_a_set_that_is_known_in_part_is_not_known() -> None:
    assert SEVERAL.decode(np.array([[0, 1, -1, 0, -1]])) == [{"hat": 0}]


def test_the_most_classes_fit_into_a_label() -> None:
    schema = AttributeSchema("own", (Attribute("many", tuple(map(str, range(62))), "multi_label"),))
    labels = [{"many": (1 << 62) - 1}, {"many": 1 << 61}]
    assert schema.decode(schema.encode(labels)) == labels


def test_logits_become_probabilities_by_kind() -> None:
    three = math.log(3)
    several = COLORS.probabilities(torch.tensor([[0.0, three, -three]]))
    torch.testing.assert_close(several, torch.tensor([[0.5, 0.75, 0.25]]))
    torch.testing.assert_close(SEVERAL["hat"].probabilities(torch.tensor([[three]])), torch.tensor([[0.25, 0.75]]))
    two = SEVERAL.probabilities({"hat": torch.tensor([[0.0, three]]), "age": torch.tensor([[0.0, three, 0.0]])})
    torch.testing.assert_close(two["hat"], torch.tensor([[0.25, 0.75]]))
    torch.testing.assert_close(two["age"], torch.tensor([[0.2, 0.6, 0.2]]))


def test_probabilities_are_float32_whatever_the_logits_are() -> None:
    assert SEVERAL["hat"].probabilities(torch.zeros(1, 1, dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.parametrize(("attribute", "width"), [(binary("hat"), 3), (SEVERAL["age"], 1), (COLORS, 1)])
def test_a_wrong_number_of_logits_is_refused(attribute: Attribute, width: int) -> None:
    with pytest.raises(ReseenError, match=f"{width} logits for attribute"):
        attribute.probabilities(torch.zeros(2, width))


def test_how_many_logits_a_classifier_needs() -> None:
    assert [attribute.logits() for attribute in SEVERAL] == [2, 3, 3]
    assert [attribute.logits(sigmoid=True) for attribute in SEVERAL] == [1, 3, 3]


@pytest.mark.parametrize(
    ("attribute", "probabilities", "decided", "words", "probability"),
    [
        (COLORS, [0.9, 0.5, 0.1], [1, 1, 0], "black + red", 0.9 * 0.5 * 0.9),
        (COLORS, [0.2, 0.4, 0.1], [0, 0, 0], "none", 0.8 * 0.6 * 0.9),
        (SEVERAL["age"], [0.2, 0.3, 0.5], [2], "old", 0.5),
        (binary("hat"), [0.4, 0.6], [1], "yes", 0.6),
    ],
)
def test_what_probabilities_say(
    attribute: Attribute, probabilities: list[float], decided: list[int], words: str, probability: float
) -> None:
    assert attribute.decide(np.array([probabilities])).tolist() == [decided]
    assert attribute.read(np.array(probabilities)) == (words, pytest.approx(probability))


def test_each_class_can_be_an_attribute_of_its_own() -> None:
    apart = SEVERAL.as_binary(["color"])
    assert apart.names == ("hat", "color:black", "color:red", "color:blue", "age")
    assert apart["color:red"] == binary("color:red")
    assert SEVERAL.as_binary().names[-3:] == ("age:child", "age:adult", "age:old")
    with pytest.raises(ReseenError, match="has no attribute 'shoes'"):
        SEVERAL.as_binary(["shoes"])


def test_reading_schemas_needs_no_pytorch() -> None:
    """Mistakes on the command line are told in under a second."""
    code = "import sys, reseen.data.attribute_forms; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
