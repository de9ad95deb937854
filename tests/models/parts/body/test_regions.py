"""AANet's table: the paper's attributes on their parts of the body, and those that make its map."""

from __future__ import annotations

import pytest

from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA, AttributeSchema
from reseen.models.parts.body.regions import makes_attention, shows_on


@pytest.mark.parametrize(
    ("name", "regions"),
    [
        ("gender", {"global"}),
        ("age", {"global"}),
        ("backpack", {"global"}),
        ("hat", {"top"}),
        ("hair", {"top"}),
        ("sleeve", {"top", "middle"}),
        ("upper_length", {"top", "middle"}),
        ("upper_color", {"top", "middle"}),
        ("upper_color:black", {"top", "middle"}),
        ("boots", {"bottom", "middle"}),
        ("shoe_color", {"bottom", "middle"}),
        ("lower_color", {"bottom", "middle"}),
        ("lowerBodyBlue", {"bottom", "middle"}),
        ("footwearSandals", {"bottom", "middle"}),
        ("accessoryHat", {"top"}),
        ("hairLong", {"top"}),
        ("carryingBackpack", {"global"}),
        ("tattoo", {"global"}),
    ],
)
def test_where_attributes_show(name: str, regions: set[str]) -> None:
    assert set(shows_on(name)) == regions


@pytest.mark.parametrize(
    ("schema", "attention"),
    [
        (MARKET1501_SCHEMA, {"gender", "hair", "upper_color", "lower_color", "lower_type", "lower_length"}),
        (DUKE_SCHEMA, {"gender", "upper_color", "lower_color", "upper_length"}),
    ],
    ids=["market1501", "dukemtmc"],
)
def test_the_papers_map(schema: AttributeSchema, attention: set[str]) -> None:
    assert {name for name in schema.names if makes_attention(name)} == attention
