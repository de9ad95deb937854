"""Whoever reads while a gallery changes over to another model sees the one or the other, and never half of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reseen import Embeddings, Gallery
from reseen.search.gallery.adding import insert
from reseen.search.gallery.finding.filters import Filter
from reseen.search.gallery.keeping import files
from reseen.search.gallery.keeping.files import BusyError
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.rows import Newcomers
from reseen.search.gallery.overview import Overview, descriptors_by_id, ids_of, matches_by_id
from tests.search.gallery.persons import CALIBRATION, persons

PEOPLE = persons(6)
MOVED = persons(6, seed=1, model="m2", width=8)
IDS = Newcomers(PEOPLE).ids


def change_over(folder: Path, made: Embeddings, ids: Sequence[str]) -> None:
    """Does what `reindex` does at its end: another model's rows take the place of those that were searched."""
    with Gallery.open(folder) as gallery, gallery.store.writing():
        store, layout, name = gallery.store, Layout.of(made), f"persons-{made.model}"
        (old,) = store.names()
        store.make(name, layout.arrow())
        insert(store, name, Newcomers(made, ids=ids), layout, again=False)
        store.search_in(name)
        store.drop(old)


@pytest.fixture
def changing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gallery]:
    """A gallery that changes over as soon as anybody has read which table is searched."""
    monkeypatch.setattr(files, "WAIT", 0.1)
    with Gallery.open(tmp_path / "hall") as gallery:
        gallery.add(PEOPLE)
        settings, done = gallery.store.settings, list[bool]()

        def then_changed() -> dict[str, Any]:
            told = settings()
            if not done:
                done.append(True)
                with suppress(BusyError):
                    change_over(gallery.folder, MOVED, IDS)
            return told

        monkeypatch.setattr(gallery.store, "settings", then_changed)
        yield gallery
        assert done


@pytest.mark.parametrize(
    ("look", "seen"),
    [
        (lambda gallery: Overview.of(gallery).version[0], "persons-m2"),
        (lambda gallery: sorted(Overview.of(gallery).ids.tolist()), sorted(IDS)),
        (lambda gallery: sorted(ids_of(gallery, Filter())), sorted(IDS)),
        (lambda gallery: matches_by_id(gallery, IDS[:1])[IDS[0]].path, "crops/000000.jpg"),
        (lambda gallery: descriptors_by_id(gallery, IDS[2:3]).features.tolist(), MOVED.features[2:3].tolist()),
        (lambda gallery: descriptors_by_id(gallery, IDS[2:3]).model, "m2"),
        (len, 6),
        (lambda gallery: gallery.search(MOVED.features[4])[0].distance, 0),
    ],
)
def test_who_looks_while_it_changes_over_sees_one_model(
    changing: Gallery, look: Callable[[Gallery], Any], seen: Any
) -> None:
    assert look(changing) == seen


def test_a_calibration_never_lies_beside_another_models_rows(changing: Gallery) -> None:
    changing.calibration = CALIBRATION
    layout = changing.layout
    assert layout is not None
    assert (layout.like.model, changing.calibration) == ("m1", CALIBRATION)


def test_who_looks_while_files_are_taken_away_looks_again(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "hall") as reader, Gallery.open(tmp_path / "hall") as writer:
        writer.add(PEOPLE)
        looked = list[int]()

        def see(rows: Any) -> list[str]:
            looked.append(rows.version[-1])
            if len(looked) == 1:
                writer.delete(paths="crops/000003.jpg")
                raise OSError("its file is gone")
            return sorted(rows.table.search().select(["path"]).to_arrow()["path"].to_pylist())

        assert reader.store.look(see) == [f"crops/00000{row}.jpg" for row in (0, 1, 2, 4, 5)]
        assert looked[0] < looked[1]


def test_a_model_that_comes_back_brings_nobody_back(tmp_path: Path) -> None:
    """Its new table has the name of its old one, and as many versions."""
    with Gallery.open(tmp_path / "hall") as reader, Gallery.open(tmp_path / "hall") as writer:
        writer.add(PEOPLE)
        assert reader.search(PEOPLE.features[0])[0].path == "crops/000000.jpg"
        before = Overview.of(reader)
        change_over(tmp_path / "hall", MOVED, IDS)
        change_over(tmp_path / "hall", PEOPLE[1:], IDS[1:])
        after = Overview.of(reader, before)
        assert (after.version[0], after.version[2]) == (before.version[0], before.version[2])
        assert sorted(after.ids.tolist()) == sorted(IDS[1:])
        assert "crops/000000.jpg" not in [match.path for match in reader.search(PEOPLE.features[0])]
