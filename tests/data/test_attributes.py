"""Schemas: what they hold, and choosing what AANet's attention map uses."""

from __future__ import annotations

import pytest

from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA, UNKNOWN, AttributeSchema
from reseen.errors import ReseenError


@pytest.mark.parametrize(
    ("schema", "sizes", "attention"),
    [
        (
            MARKET1501_SCHEMA,
            [2, 4, 2, 2, 2, 2, 2, 2, 2, 2, 8, 9],
            {"gender", "hair", "upper_color", "lower_color", "lower_type", "lower_length"},
        ),
        (DUKE_SCHEMA, [2, 2, 2, 2, 2, 2, 2, 2, 8, 7], {"gender", "upper_color", "lower_color", "upper_length"}),
    ],
)
def test_schemas_are_the_papers(schema: AttributeSchema, sizes: list[int], attention: set[str]) -> None:
    assert [len(attribute.classes) for attribute in schema] == sizes
    assert {attribute.name for attribute in schema if attribute.in_attention} == attention


@pytest.mark.parametrize(
    ("name", "regions"),
    [
        ("gender", {"global"}),
        ("backpack", {"global"}),
        ("hat", {"top"}),
        ("upper_length", {"top", "middle"}),
        ("upper_color", {"top", "middle"}),
        ("boots", {"bottom", "middle"}),
        ("shoe_color", {"bottom", "middle"}),
        ("lower_color", {"bottom", "middle"}),
    ],
)
def test_regions_of_duke(name: str, regions: set[str]) -> None:
    assert set(DUKE_SCHEMA[name].regions) == regions


def test_attention_can_be_chosen_and_the_schema_stays_as_it_was() -> None:
    chosen = DUKE_SCHEMA.with_attention(["gender", "boots"])
    assert {attribute.name for attribute in chosen if attribute.in_attention} == {"gender", "boots"}
    assert chosen.names == DUKE_SCHEMA.names
    assert not DUKE_SCHEMA["boots"].in_attention


def test_attention_on_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ReseenError, match="has no attribute 'boot'"):
        DUKE_SCHEMA.with_attention(["boot"])


def test_missing_labels_are_encoded_as_unknown() -> None:
    encoded = DUKE_SCHEMA.encode([{"gender": 1}, {}])
    assert encoded.shape == (2, 10)
    assert encoded[0, 0] == 1
    assert (encoded == UNKNOWN).sum() == 19


def test_no_images_encode_to_no_rows() -> None:
    assert DUKE_SCHEMA.encode([]).shape == (0, 10)
