"""Table 1 of IVA."""

from __future__ import annotations

import pytest

from reseen.data.annotations.peta_labels import SELECTED
from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA
from reseen.models.parts.body.halves import half_of


def test_lower_attributes_are_the_tables() -> None:
    lower = {name for schema in (MARKET1501_SCHEMA, DUKE_SCHEMA) for name in schema.names if half_of(name) == "lower"}
    assert lower == {"lower_length", "lower_type", "lower_color", "boots", "shoe_color"}


def test_every_attribute_of_the_data_sets_has_a_half() -> None:
    names = (*MARKET1501_SCHEMA.names, *DUKE_SCHEMA.names, *SELECTED)
    assert {half_of(name) for name in names} == {"upper", "lower"}


@pytest.mark.parametrize(
    ("name", "half"),
    [
        ("upper_color:black", "upper"),
        ("lower_color:pink", "lower"),
        ("footwearSneaker", "lower"),
        ("carryingBackpack", "upper"),
        ("cap", "global"),
    ],
)
def test_names_taken_apart_and_unknown_ones(name: str, half: str) -> None:
    assert half_of(name) == half
