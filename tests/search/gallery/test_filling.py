"""A gallery that is filled is filled piece by piece, and goes on after a kill without embedding anything twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reseen import Gallery, models
from reseen.embedding import open_place, write_embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.search.gallery import filling
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.filling import fill, known_hashes
from tests.search.gallery.persons import png

SEVEN = [f"{number}.png" for number in range(7)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    for number, name in enumerate(SEVEN):
        (tmp_path / "pictures" / name).write_bytes(png(number))
    return tmp_path / "pictures"


@pytest.fixture
def embedder() -> Embedder:
    torch.manual_seed(0)
    model = models.build(models.config_of({"system": "ide", "backbone": "test_resnet", "num_identities": 4}))
    return Embedder(model, EmbedderConfig(size=(64, 32), flip=False))


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gallery]:
    monkeypatch.setattr(filling, "PIECE", 2)
    with Gallery.open(tmp_path / "hall") as opened:
        yield opened


def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes the names of all pictures that are embedded from now on."""
    names: list[str] = []
    own = Embedder.stream

    def stream(self: Embedder, images: Any, **options: Any) -> Any:
        names.extend(Path(image.name).name for image in images)
        return own(self, images, **options)

    monkeypatch.setattr(Embedder, "stream", stream)
    return names


def test_a_killed_run_goes_on_where_it_stopped(
    folder: Path, embedder: Embedder, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit, sizes = Gallery.admit, list[int]()

    def killed(self: Gallery, newcomers: Any, **options: Any) -> Any:
        if len(sizes) == 2:
            raise KeyboardInterrupt
        sizes.append(len(newcomers.ids))
        return admit(self, newcomers, **options)

    monkeypatch.setattr(Gallery, "admit", killed)
    with pytest.raises(KeyboardInterrupt):
        fill(gallery, open_place(folder), embedder, source="hall", batch_size=1)
    monkeypatch.setattr(Gallery, "admit", admit)
    assert sizes == [2, 2]
    assert len(gallery) == 4

    names = embedded(monkeypatch)
    assert fill(gallery, open_place(folder), embedder, source="hall", batch_size=1) == 3
    assert sorted(names) == SEVEN[4:]
    assert len(gallery) == 7
    assert fill(gallery, open_place(folder), embedder, source="hall") == 0
    assert sorted(names) == SEVEN[4:], "nothing more was embedded"


def test_rows_are_those_of_embedding_all_at_once(folder: Path, embedder: Embedder, gallery: Gallery) -> None:
    assert fill(gallery, open_place(folder), embedder, source="hall", copy=True, batch_size=3) == 7
    whole = embedder.embed(open_place(folder).images)
    for row, path in enumerate(whole.paths or []):
        nearest = gallery.search(whole.features[row], top=1)[0]
        assert (nearest.path, nearest.distance) == (path, pytest.approx(0, abs=1e-3))
    assert gallery.picture(nearest).read() == (folder / Path(nearest.path).name).read_bytes()


@pytest.mark.parametrize("stored", [False, True])
def test_pictures_are_found_from_every_working_directory(
    stored: bool, folder: Path, embedder: Embedder, gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place, file = open_place(Path("pictures")), Path("made.parquet")
    if stored:
        place.write(file, embedder)
        place = open_place(file)
        monkeypatch.chdir(folder)
    assert fill(gallery, place, embedder, source="hall") == 7
    monkeypatch.chdir(folder)
    rows = gallery.search(np.zeros(gallery.layout.searched_width), top=9)  # type: ignore[union-attr]
    assert sorted(match.path for match in rows) == [str(folder / name) for name in SEVEN]
    assert {gallery.picture(match).read() for match in rows} == {png(row) for row in range(7)}


def test_a_source_is_the_same_from_every_working_directory(
    folder: Path, embedder: Embedder, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    fill(gallery, open_place(Path()), embedder)
    assert gallery.delete(sources="pictures") == 0
    assert gallery.delete(sources=str(folder)) == 7


def test_a_name_in_no_coding_is_told_before_anything_is_embedded(
    folder: Path, embedder: Embedder, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / os.fsdecode(b"a\xff.png")).write_bytes(png(9))
    names = embedded(monkeypatch)
    with pytest.raises(ReseenError, match="is not in UTF-8, so it cannot be stored: rename it"):
        fill(gallery, open_place(folder), embedder)
    assert not names
    with pytest.raises(ReseenError, match="is not in UTF-8"):
        gallery.add(embedder.embed([folder / os.fsdecode(b"a\xff.png")]))


def test_hashes_are_sorted(folder: Path, embedder: Embedder, gallery: Gallery) -> None:
    assert len(known_hashes(gallery)) == 0
    fill(gallery, open_place(folder), embedder, source="hall")
    known = known_hashes(gallery)
    assert len(known) == 7
    assert np.array_equal(known, np.sort(known))


def test_an_erased_picture_is_left_out_of_its_folder(
    folder: Path, embedder: Embedder, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = open_place(folder)
    fill(gallery, place, embedder, source="hall")
    assert gallery.delete(paths=place.images[3].name) == 1
    (folder / "7.png").write_bytes(png(7))
    names = embedded(monkeypatch)
    with pytest.warns(ReseenWarning, match=r"left out: 1; add them with again=True \(--again\)") as told:
        assert fill(gallery, open_place(folder), embedder, source="hall") == 1
    assert len(told) == 1
    assert names == ["7.png"], "who was erased is not even embedded"
    assert len(gallery) == 7
    assert fill(gallery, open_place(folder), embedder, source="hall", again=True) == 1


def test_who_is_erased_while_a_folder_is_added_does_not_end_it(
    folder: Path, embedder: Embedder, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, admit, pieces = open_place(folder), Gallery.admit, list[int]()

    def erased_meanwhile(self: Gallery, newcomers: Any, **options: Any) -> Any:
        pieces.append(len(newcomers.ids))
        if len(pieces) == 2:
            with Gallery.open(gallery.folder) as other, other.store.writing():
                deletion.bury(other.store, newcomers.ids[:1])
        return admit(self, newcomers, **options)

    monkeypatch.setattr(Gallery, "admit", erased_meanwhile)
    with pytest.warns(ReseenWarning, match="left out: 1;"):
        assert fill(gallery, place, embedder, source="hall", batch_size=1) == 6
    assert pieces == [2, 2, 2, 1]


def test_a_deleted_source_asks_before_anything_is_embedded(
    folder: Path, embedder: Embedder, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(gallery, open_place(folder), embedder, source="hall")
    gallery.delete(sources="hall")
    names = embedded(monkeypatch)
    with pytest.raises(ReseenError, match=r"everything from hall was deleted from .*: add them with again=True"):
        fill(gallery, open_place(folder), embedder, source="hall")
    assert names == []
    assert fill(gallery, open_place(folder), embedder, source="hall", again=True) == 7


def test_a_file_of_descriptors_keeps_times_tracks_and_sources(
    folder: Path, embedder: Embedder, gallery: Gallery, tmp_path: Path
) -> None:
    images = [replace(image, camid=3, seconds=1.5 * row) for row, image in enumerate(open_place(folder).images)]
    images[2] = replace(images[2], seconds=None)
    file, other = tmp_path / "made.parquet", tmp_path / "other.parquet"
    write_embeddings(embedder, images[:4], file)
    made = embedder.embed(images[4:])
    replace(made, tracks=[9, np.nan, 9], sources=["a.mp4", "", "b.mp4"]).save(other)
    assert fill(gallery, open_place(file), embedder) == 4
    assert fill(gallery, open_place(other), embedder) == 3
    rows = sorted(gallery.search(made.features[0], top=9), key=lambda match: match.path)
    assert [row.camid for row in rows] == [3] * 7
    assert [row.seconds for row in rows] == [0, 1.5, None, 4.5, 6, 7.5, 9]
    assert [row.track for row in rows] == [None] * 4 + [9, None, 9]
    assert [row.source for row in rows] == [str(file)] * 4 + ["a.mp4", "", "b.mp4"]


def test_a_table_tells_times_tracks_and_sources(folder: Path, embedder: Embedder, gallery: Gallery) -> None:
    table = folder / "own.csv"
    lines = ["0.png,3600,4,tour.mp4", "1.png,,,tour.mp4", "2.png,9.5,,"]
    table.write_text("\n".join(["image,seconds,track,source", *lines]))
    assert fill(gallery, open_place(table), embedder) == 3
    found = gallery.search(embedder.embed(open_place(table).images), top=3)
    told = {Path(match.path).name: (match.seconds, match.track, match.source) for match in found}
    assert told == {"0.png": (3600, 4, "tour.mp4"), "1.png": (None, None, "tour.mp4"), "2.png": (9.5, None, "")}
    assert gallery.delete(sources="tour.mp4") == 2
    with pytest.raises(ReseenError, match=r"everything from tour\.mp4 was deleted"):
        fill(gallery, open_place(table), embedder)


def test_a_file_of_descriptors_needs_no_model(
    folder: Path, embedder: Embedder, gallery: Gallery, tmp_path: Path
) -> None:
    write_embeddings(embedder, open_place(folder).images, tmp_path / "made.parquet")
    assert fill(gallery, open_place(tmp_path / "made.parquet")) == 7
    assert fill(gallery, open_place(folder), embedder) == 0, "it is the model's gallery as if it had been there"
    with pytest.raises(ReseenError, match="are still to be embedded: give a model"):
        fill(gallery, open_place(folder))
