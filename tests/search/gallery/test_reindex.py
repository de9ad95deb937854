"""Another model's rows are built beside the old ones, and nobody who searches notices before all are there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from reseen import Embeddings, Gallery, PersonImage, ReseenError
from reseen.search.gallery.check import check
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.store import Store
from reseen.search.gallery.reindex import reindex
from tests.search.gallery.persons import persons, png

PEOPLE = persons(40)


class Brightness:
    """A model whose descriptor is the mean colour."""

    digest, schema = "m2", None

    def __init__(self) -> None:
        self.during: list[str] = []
        self.stop_after = 99
        self.gallery: Gallery | None = None

    def embed(self, images: Sequence[PersonImage], /) -> Embeddings:
        if self.gallery is not None:
            self.during.append(self.gallery.search(PEOPLE.features[3])[0].path)
            if len(self.during) > self.stop_after:
                raise KeyboardInterrupt
        means = [np.asarray(image.open(), np.float32).mean(axis=(0, 1)) for image in images]
        return Embeddings(
            np.stack(means), [image.pid for image in images], [image.camid for image in images], model="m2"
        )


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "gallery") as gallery:
        gallery.add(PEOPLE, pictures=[png(row) for row in range(40)], seconds=np.arange(40), source="hall", tracks=4)
        yield gallery


def test_the_old_rows_are_searched_until_all_new_ones_are_there(gallery: Gallery) -> None:
    model = Brightness()
    model.gallery = gallery
    assert reindex(gallery, model, batch=10) == 0
    assert model.during == ["crops/000003.jpg"] * 4
    assert len(gallery) == 40
    mean = np.asarray(PersonImage(png(5), 0, 0).open(), np.float32).mean(axis=(0, 1))
    found = gallery.search(mean)[0]
    assert (found.path, found.camid, found.pid, found.seconds, found.track, found.source) == (
        "crops/000005.jpg", 5, 5, 5.0, 4, "hall",
    )  # fmt: skip
    assert found.distance == pytest.approx(0, abs=1e-5)
    assert gallery.picture(found).read() == png(5)
    assert gallery.store.names() == ["persons-m2"]
    with pytest.raises(ReseenError, match="length 16 cannot be searched for"):
        gallery.search(PEOPLE.features[3])
    assert reindex(gallery, model) == 0


def test_one_that_was_stopped_goes_on(gallery: Gallery) -> None:
    model = Brightness()
    model.gallery, model.stop_after = gallery, 2
    with pytest.raises(KeyboardInterrupt):
        reindex(gallery, model, batch=10)
    assert gallery.search(PEOPLE.features[7])[0].path == "crops/000007.jpg"
    assert gallery.delete(paths="crops/000000.jpg") == 1
    assert gallery.store.table("persons-m2").count_rows() == 19
    model.stop_after = 99
    reindex(gallery, model, batch=10)
    assert len(gallery) == 39
    assert len(model.during) == 6  # three before, of which two were kept; then for the rows 20, 21 to 30, 31 to 39


def test_one_that_was_killed_at_its_end_leaves_no_table(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(store: Store, name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "drop", killed)
        with pytest.raises(KeyboardInterrupt):
            reindex(gallery, Brightness())
    assert gallery.store.names() == ["persons-m1", "persons-m2"]
    (told,) = (line for line in check(gallery) if line.startswith("persons-m1 is"))
    assert told.endswith("that was killed once more, with the same model")
    assert reindex(gallery, Brightness()) == 0
    assert gallery.store.names() == ["persons-m2"]
    assert len(gallery) == 40


def test_what_was_deleted_does_not_move(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if whoever deleted it was killed after the gallery was opened here."""

    def killed(sql: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gallery.store.table("persons-m1"), "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            gallery.delete(paths="crops/000005.jpg")
    reindex(gallery, Brightness())
    assert len(gallery) == 39
    assert len(deletion.buried(gallery.store)) == 1


def test_a_search_meanwhile_is_told_and_never_looks_at_the_other_models_rows(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = Layout.query

    def slow(layout: Layout, features: np.ndarray) -> np.ndarray:
        found = query(layout, features)
        reindex(gallery, Brightness())
        return found

    with Gallery.open(gallery.folder) as reader:
        assert reader.search(PEOPLE.features[3])[0].path == "crops/000003.jpg"
        with monkeypatch.context() as patch:
            patch.setattr(Layout, "query", slow)
            with pytest.raises(ReseenError, match="was moved to another model meanwhile; search again"):
                reader.search(PEOPLE.features[3])
        mean = np.asarray(PersonImage(png(5), 0, 0).open(), np.float32).mean(axis=(0, 1))
        assert reader.search(mean)[0].path == "crops/000005.jpg"


def test_pictures_that_are_gone_are_told(gallery: Gallery) -> None:
    gallery.add(persons(2, seed=1, prefix="gone"))
    with pytest.raises(ReseenError, match=r"2 pictures .* cannot be read, such as gone/00000\d\.jpg"):
        reindex(gallery, Brightness())
    assert gallery.search(PEOPLE.features[3])[0].distance == 0
    assert reindex(gallery, Brightness(), max_lost=2) == 2
    assert len(gallery) == 40


@pytest.mark.parametrize("left", ["", "_versions", "data"])
def test_a_table_that_was_left_half_dropped_hinders_nobody(gallery: Gallery, left: str) -> None:
    """A deletion, a reindex that goes back to that model, and one to a third."""
    with Gallery.open(gallery.folder.parent / "other") as other:
        other.add(PEOPLE, pictures=[png(row) for row in range(40)])
        for name in ("persons-m2", "persons-m3"):
            shutil.copytree(other.folder / "persons-m1.lance", gallery.folder / f"{name}.lance")
            for part in (gallery.folder / f"{name}.lance").iterdir():
                if part.name != left:
                    shutil.rmtree(part)
    assert gallery.delete(paths="crops/000000.jpg") == 1
    assert gallery.store.names() == ["persons-m1"]
    assert not (gallery.folder / "persons-m2.lance").exists()
    shutil.copytree(gallery.folder.parent / "other" / "persons-m1.lance", gallery.folder / "persons-m2.lance")
    shutil.rmtree(gallery.folder / "persons-m2.lance" / "data")
    reindex(gallery, Brightness())
    assert len(gallery) == 39
