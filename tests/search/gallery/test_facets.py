"""What is counted is what a search with the next filter finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reseen import Embeddings, Gallery, ReseenError
from reseen.data.attributes import Attribute, AttributeSchema
from reseen.search.gallery.facets import Facets, facets
from reseen.search.gallery.filters import Criteria
from tests.search.gallery.persons import persons

PEOPLE = persons(300)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    with Gallery.open(tmp_path_factory.mktemp("facets") / "g") as gallery:
        gallery.add(PEOPLE, seconds=np.arange(300))
        yield gallery


@pytest.mark.parametrize(
    ("criteria", "where"),
    [({}, ""), ({"cameras": [1, 3]}, ""), ({"since": 50, "until": 99}, "hat=yes"), ({}, "hat=yes and gender=male")],
)
def test_counts_are_those_of_searches(gallery: Gallery, criteria: dict[str, float], where: str) -> None:
    found = facets(gallery, Criteria(**criteria), where)  # type: ignore[arg-type]
    assert found.rows == len(gallery.search(np.zeros(16), 999, where=where, **criteria))  # type: ignore[arg-type]
    assert sum(found.cameras.values()) == found.rows
    for name, counts in found.attributes.items():
        assert sum(counts.values()) == found.rows
        for value, count in counts.items():
            if name in where:  # asked for already
                assert count == (found.rows if f"{name}={value}" in where else 0)
                continue
            narrower = f"{where} and {name}={value}" if where else f"{name}={value}"
            assert count == len(gallery.search(np.zeros(16), 999, where=narrower, **criteria))  # type: ignore[arg-type]


def test_several_classes_at_once_count_each(tmp_path: Path) -> None:
    schema = AttributeSchema("bags", (Attribute("color", ("red", "blue"), "multi_label"),))
    table = np.array([[0.9, 0.8], [0.9, 0.1], [0.1, 0.2]], np.float32)
    with Gallery.open(tmp_path / "g") as gallery:
        assert facets(gallery) == Facets(0, {}, {})
        gallery.add(Embeddings(np.eye(3), [0, 1, 2], [4, 4, 5], {"color": table}), schema=schema)
        assert facets(gallery) == Facets(3, {4: 2, 5: 1}, {"color": {"red": 2, "blue": 1}})
        with pytest.raises(ReseenError, match="no attribute is called"):
            facets(gallery, where="hat=yes")
