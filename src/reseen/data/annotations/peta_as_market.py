"""What PETA's words say of Market-1501's attributes, so that a model of the one can be judged on the other."""

from __future__ import annotations

from collections.abc import Mapping

from reseen.data.annotations.peta_labels import COLORED, COLORS
from reseen.data.attributes import MARKET1501_SCHEMA, NO_YES, AttributeSchema

_TROUSERS = frozenset({"lowerBodyTrousers", "lowerBodyJeans"})
_SHORT_TROUSERS = frozenset({"lowerBodyShorts", "lowerBodyHotPants"})
_WORDS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "gender": {"male": frozenset({"personalMale"}), "female": frozenset({"personalFemale"})},
    "hair": {"short": frozenset({"hairShort"}), "long": frozenset({"hairLong"})},
    "sleeve": {
        "long": frozenset({"upperBodyLongSleeve"}),
        "short": frozenset({"upperBodyShortSleeve", "upperBodyNoSleeve"}),
    },
    "lower_length": {
        "long": _TROUSERS | {"lowerBodyLongSkirt"},
        "short": _SHORT_TROUSERS | {"lowerBodyShortSkirt"},
    },
    "lower_type": {
        "dress": frozenset({"lowerBodyLongSkirt", "lowerBodyShortSkirt"}),
        "trousers": _TROUSERS | _SHORT_TROUSERS | {"lowerBodyCapri"},
    },
    "hat": {"yes": frozenset({"accessoryHat"})},
    "backpack": {"yes": frozenset({"carryingBackpack"})},
} | {
    name: {color: frozenset({COLORED[name] + ending}) for color, ending in COLORS.items()}
    for name in ("upper_color", "lower_color")
}
"""Words of each class. PETA's ages have other borders, and its bags are of other kinds: these are not told."""

SCHEMA = AttributeSchema("peta", tuple(each for each in MARKET1501_SCHEMA if each.name in _WORDS))
"""Those of Market-1501's attributes that PETA's words tell: 9 of 12."""


def as_market1501(words: frozenset[str]) -> dict[str, int]:
    """Returns class indices by attribute of `SCHEMA`; one is known where the words are those of a single class.

    Args:
        words: What PETA says of a person. Of a hat or a backpack, no word means that there is none.
    """
    labels = {}
    for attribute in SCHEMA:
        told = [name for name, own in _WORDS[attribute.name].items() if own & words]
        if not told and attribute.classes == NO_YES:
            told = [NO_YES[0]]
        if len(told) == 1 and told[0] in attribute.classes:
            labels[attribute.name] = attribute.index(told[0])
    return labels
