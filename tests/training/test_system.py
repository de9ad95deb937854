"""The system of a phase: what it needs of the data."""

from __future__ import annotations

import pytest

from reseen.data.person import PersonImage, Split
from reseen.errors import ReseenError
from reseen.training.recipe import Recipe, recipe_from
from reseen.training.system import build_system, check_phases

PERSONS = Split("own", tuple(PersonImage(b"", pid, 1) for pid in (1, 2, 3)), (), ())


def recipe_of(**model: object) -> Recipe:
    phase = {"epochs": 1, "objective": {"terms": [{"kind": "identity"}]}}
    content = {"name": "x", "data": {"name": "table", "size": [64, 32]}, "phases": [phase]}
    return recipe_from(content | {"model": {"backbone": "resnet10t"} | model}, "test")


@pytest.mark.parametrize("model", [{"system": "aanet", "attention": []}, {"system": "iva"}], ids=["aanet", "iva"])
def test_attributes_are_needed_only_by_what_learns_them(model: dict[str, object]) -> None:
    with pytest.raises(ReseenError, match="learns attributes, but own has none here"):
        build_system(recipe_of(**model), 0, PERSONS, None, load=True)
    recipe = recipe_of(**model, attribute=False)
    check_phases(recipe, PERSONS)
    built = build_system(recipe, 0, PERSONS, None, load=True)
    assert built.config.num_identities == 3
