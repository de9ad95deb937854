from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reseen import Embeddings
from reseen.data.attributes import Attribute, AttributeSchema
from reseen.errors import ReseenError
from reseen.search.gallery import Gallery
from reseen.search.gallery.finding.filters import Criteria, Filter
from reseen.search.gallery.overview import Overview, descriptors_by_id, ids_of, matches_by_id
from reseen.search.where import parse_where
from tests.search.gallery.persons import persons


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "hall") as opened:
        opened.add(persons(60), seconds=np.arange(60.0))
        yield opened


def test_pages_show_every_row_once_while_rows_come_and_go(gallery: Gallery) -> None:
    before = set(Overview.of(gallery).ids.tolist())
    seen, cursor = [], ""
    for step in range(10):
        ids, cursor = Overview.of(gallery).page(Filter(), cursor, size=17)
        seen += ids
        if step == 0:
            gallery.add(persons(5, seed=9, prefix="later"))
            gallery.remove(Criteria(paths="crops/000003.jpg").filter())
        if not cursor:
            break
    assert len(seen) == len(set(seen))
    assert len(before - set(seen)) <= 1, "at most the one that was deleted"
    newest, _ = Overview.of(gallery).page(Filter(), size=5)
    assert {match.path[:5] for match in matches_by_id(gallery, newest).values()} == {"later"}
    for cursor in ("x", "0x1p99999-0"):
        with pytest.raises(ReseenError, match="is no cursor"):
            Overview.of(gallery).page(Filter(), cursor)


def test_counts_are_those_by_hand(gallery: Gallery) -> None:
    made = persons(60)
    assert made.attributes is not None
    hat = made.attributes["hat"].argmax(axis=1) == 1
    colour = made.attributes["upper_color"].argmax(axis=1)
    seen = made.camids == 3
    assert gallery.schema is not None
    counts = Overview.of(gallery).counts(
        Criteria(cameras=3).filter(), parse_where("hat=yes", gallery.schema), gallery.schema
    )
    assert list(counts["hat"].values()) == [(seen & ~hat).sum(), (seen & hat).sum()], "its own choice stays open"
    assert list(counts["upper_color"].values()) == np.bincount(colour[seen & hat], minlength=8).tolist()


def test_cameras_and_times(gallery: Gallery) -> None:
    overview = Overview.of(gallery)
    assert overview.cameras(Criteria(since=50).filter()) == {0: 1, 1: 2, 2: 2, 3: 2, 4: 1, 5: 1, 6: 1}
    assert overview.times(Criteria(cameras=3).filter()) == (3.0, 59.0)
    assert overview.times(Criteria(cameras=99).filter()) is None
    assert Overview.of(gallery, overview) is overview, "nothing has changed"


@pytest.mark.parametrize("held", [False, True])
def test_rows_and_descriptors_by_id(gallery: Gallery, held: bool) -> None:
    if held:
        gallery.search(persons(60).features[0])
    searched = gallery.store.searched()
    assert searched is not None
    assert (gallery.held(searched) is not None) is held, "a search reads all into memory, nothing else does"
    ids = ids_of(gallery, Criteria(paths=["crops/000007.jpg", "crops/000002.jpg"]).filter())
    found = matches_by_id(gallery, [*ids, "0" * 32])
    assert sorted(match.path for match in found.values()) == ["crops/000002.jpg", "crops/000007.jpg"]
    seven = next(one for one, match in found.items() if match.path.endswith("7.jpg"))
    np.testing.assert_array_equal(descriptors_by_id(gallery, [seven]).features[0], persons(60).features[7])
    with pytest.raises(ReseenError, match="is not in the gallery any more"):
        descriptors_by_id(gallery, ["0" * 32])
    with pytest.raises(ReseenError, match="no id of a row"):
        matches_by_id(gallery, ["' OR true --"])
    gallery.remove(Criteria(paths="crops/000007.jpg").filter())
    assert set(matches_by_id(gallery, ids)) == set(ids) - {seven}


def test_an_empty_gallery_has_nothing(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "new") as gallery:
        overview = Overview.of(gallery)
        assert len(overview) == 0
        assert overview.page(Filter()) == ([], "")
        assert matches_by_id(gallery, []) == {}


def test_several_classes_at_once_count_each(tmp_path: Path) -> None:
    schema = AttributeSchema("bags", (Attribute("color", ("red", "blue"), "multi_label"),))
    table = np.array([[0.9, 0.8], [0.9, 0.1], [0.1, 0.2]], np.float32)
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(Embeddings(np.eye(3), [0, 1, 2], [4, 4, 5], {"color": table}), schema=schema)
        assert Overview.of(gallery).counts(Filter(), None, schema) == {"color": {"red": 2, "blue": 1}}
