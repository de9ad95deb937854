"""IVA's table of which attribute shows in which half of the body (table 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Region = Literal["global", "upper", "lower"]
REGIONS: tuple[Region, ...] = ("global", "upper", "lower")

_HALVES: Mapping[str, Region] = {
    "age": "upper",
    "gender": "upper",
    "hair": "upper",
    "hair_color": "upper",
    "hat": "upper",
    "sleeve": "upper",
    "upper_length": "upper",
    "upper_color": "upper",
    "bag": "upper",
    "backpack": "upper",
    "handbag": "upper",
    "lower_length": "lower",
    "lower_type": "lower",
    "lower_color": "lower",
    "boots": "lower",
    "shoe_color": "lower",
    "footwear_color": "lower",
}
_PETA_PREFIXES: Mapping[str, Region] = {
    "personal": "upper",
    "hair": "upper",
    "accessory": "upper",
    "carrying": "upper",
    "upperBody": "upper",
    "lowerBody": "lower",
    "footwear": "lower",
}


def half_of(attribute: str) -> Region:
    """Returns the half of the body that learns an attribute beside the whole (table 1); ``global`` for unknown names.

    A colour taken apart, such as ``upper_color:black``, goes where the colour goes.
    """
    name = attribute.partition(":")[0]
    if name in _HALVES:
        return _HALVES[name]
    return next((half for prefix, half in _PETA_PREFIXES.items() if name.startswith(prefix)), "global")
