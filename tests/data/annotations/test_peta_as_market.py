"""PETA's words become Market-1501's attributes where they say the same, and nothing where they do not."""

from __future__ import annotations

import pytest

from reseen.data.annotations.peta_as_market import SCHEMA, as_market1501
from reseen.data.attributes import MARKET1501_SCHEMA


def told(*words: str) -> dict[str, str]:
    return {name: SCHEMA[name].classes[value] for name, value in as_market1501(frozenset(words)).items()}


NOTHING = {"hat": "no", "backpack": "no"}


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ([], {}),
        (["personalFemale", "hairLong", "personalLess30"], {"gender": "female", "hair": "long"}),
        (["personalFemale", "personalMale", "hairBald"], {}),
        (["upperBodyNoSleeve", "upperBodyBlue"], {"sleeve": "short", "upper_color": "blue"}),
        (["upperBodyRed", "upperBodyBlack", "lowerBodyGrey"], {"lower_color": "gray"}),
        (["upperBodyRed", "upperBodyOrange"], {}),
        (["lowerBodyOrange", "accessoryHat", "carryingMessengerBag"], {"hat": "yes"}),
        (["lowerBodyShortSkirt"], {"lower_length": "short", "lower_type": "dress"}),
        (["lowerBodyJeans", "carryingBackpack"], {"lower_length": "long", "lower_type": "trousers", "backpack": "yes"}),
        (["lowerBodyJeans", "lowerBodyShorts"], {"lower_type": "trousers"}),
        (["lowerBodyCapri"], {"lower_type": "trousers"}),
    ],
)
def test_words_of_one_class_alone_make_it_known(words: list[str], labels: dict[str, str]) -> None:
    assert told(*words) == NOTHING | labels


def test_they_are_market1501s_own_attributes() -> None:
    """So that a model which has learnt those is scored on all of them."""
    assert set(SCHEMA.attributes) < set(MARKET1501_SCHEMA.attributes)
    assert set(MARKET1501_SCHEMA.names) - set(SCHEMA.names) == {"age", "bag", "handbag"}
