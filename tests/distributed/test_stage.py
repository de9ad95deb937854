"""The stage gives what the embedder gives, wherever the pictures lie; no Ray is needed to see that."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from reseen import Gallery
from reseen.data.images.decoding import Skipped
from reseen.data.names import concealed
from reseen.distributed import list_pictures, listing, reading
from reseen.distributed.engine import _Writer
from reseen.distributed.stage import Stage, Work, unpacked
from reseen.errors import ReseenError
from reseen.models import checkpoint
from reseen.models.embedder import Embedder
from reseen.search.gallery.filling import known_hashes
from tests.distributed.places import furnish
from tests.search.gallery.persons import png

COUNT = 6
NOBODY = np.empty(0, dtype="S32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model and some pictures, two of which are the same."""
    pictures = {f"{number}_c{number % 3 + 1}.png": number % 5 for number in range(COUNT)}
    return furnish(tmp_path_factory.mktemp("work"), pictures)


@pytest.fixture(scope="module")
def embedder(folder: Path) -> Embedder:
    return checkpoint.load(folder / "last")


@pytest.fixture(scope="module")
def work(folder: Path) -> Work:
    return Work.packed(folder / "last", copy=True)


def test_it_gives_what_the_embedder_gives(folder: Path, embedder: Embedder, work: Work) -> None:
    listed = list_pictures(folder / "pictures")
    made = Stage(work, NOBODY)(listed)
    found = unpacked(made, embedder.embed([]))
    expected = embedder.embed(sorted((folder / "pictures").iterdir()))
    assert found.paths == expected.paths
    assert found.model == expected.model
    assert found.camids.tolist() == [1, 2, 3, 1, 2, 3]
    np.testing.assert_allclose(found.features, expected.features, atol=1e-5)
    assert found.attributes is not None
    for name, values in (expected.attributes or {}).items():
        np.testing.assert_allclose(found.attributes[name], values, atol=1e-5)


def test_relative_places_become_absolute_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list_pictures(folder / "pictures")
    monkeypatch.chdir(folder)
    assert list_pictures(Path("pictures")).equals(whole)


def test_a_zip_and_a_table_name_the_same_pictures(folder: Path, tmp_path: Path, work: Work) -> None:
    names = sorted(path.name for path in (folder / "pictures").iterdir())
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for name in names:
            archive.write(folder / "pictures" / name, name)
    table = folder / "pictures" / "list.csv"
    table.write_text("image,camid\n" + "".join(f"{name},{name[3]}\n" for name in names))
    stage = Stage(work, NOBODY)
    made = [stage(list_pictures(place)) for place in (folder / "pictures", tmp_path / "pictures.zip", table)]
    table.unlink()
    for column in ("id", "camid", "picture"):
        values = [sorted(each[column].to_pylist()) for each in made]
        assert values[0] == values[1] == values[2], column


def test_what_the_gallery_has_is_read_but_not_embedded(
    folder: Path, embedder: Embedder, work: Work, tmp_path: Path
) -> None:
    listed, like = list_pictures(folder / "pictures"), embedder.embed([])
    with Gallery.open(tmp_path / "hall") as gallery:
        for expected in (5, 0):
            writer = _Writer(gallery, like, embedder.schema, "", False, Skipped(0))
            made = Stage(work, known_hashes(gallery))(listed)
            writer.take(made)
            writer.flush()
            assert writer.admitted.new == expected
            assert made["numbers"].null_count == (0 if expected else COUNT)
        added = gallery.add(embedder.embed(sorted((folder / "pictures").iterdir())), schema=embedder.schema)
        assert added == 0, "the same rows as without Ray"
        found = gallery.search(embedder.embed([folder / "pictures" / "3_c1.png"]))[0]
        assert gallery.picture(found).read() == png(3)


def test_pictures_that_cannot_be_read_are_counted_and_named(
    folder: Path, embedder: Embedder, work: Work, tmp_path: Path
) -> None:
    for name, content in (("good.png", png(1)), ("none.png", b"no picture"), ("gone.png", png(2))):
        (tmp_path / name).write_bytes(content)
    listed = list_pictures(tmp_path)
    (tmp_path / "gone.png").unlink()
    made = Stage(work, NOBODY)(listed)
    assert [error is None for error in made["error"].to_pylist()] == [False, True, False]
    with Gallery.open(tmp_path / "hall") as gallery:
        writer = _Writer(gallery, embedder.embed([]), embedder.schema, "", False, Skipped(1))
        with pytest.raises(ReseenError, match=r"cannot read image .*gone.png.*corrupt images: 2 or more, allowed: 1"):
            writer.take(pa.concat_tables([made, made]))


@pytest.mark.parametrize(
    ("place", "says"),
    [("nowhere", "does not exist"), ("empty", "no images"), ("made.parquet", "reseen gallery add")],
)
def test_places_without_pictures(place: str, says: str, embedder: Embedder, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    embedder.embed([]).save(tmp_path / "made.parquet")
    with pytest.raises(ReseenError, match=says):
        list_pictures(tmp_path / place)


def test_what_a_table_tells_comes_along(folder: Path, embedder: Embedder, work: Work, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    (tmp_path / "b.png").write_bytes(png(2))
    (tmp_path / "own.csv").write_text("image,pid,camid,seconds,track,source\na.png,anna,door,9.5,4,tour\nb.png,7,,,,\n")
    found = unpacked(Stage(work, NOBODY)(list_pictures(tmp_path / "own.csv")), embedder.embed([]))
    assert (found.sources, found.person_names, found.camera_names) == (
        ("tour", ""),
        (concealed("anna"), ""),
        ("door", ""),
    )
    np.testing.assert_array_equal(found.seconds, [9.5, np.nan])
    np.testing.assert_array_equal(found.tracks, [4, np.nan])
    with Gallery.open(tmp_path / "hall") as gallery:
        for place, source in (("own.csv", "tour"), (".", str(tmp_path))):
            made = Stage(work, NOBODY)(list_pictures(tmp_path / place))
            writer = _Writer(gallery, embedder.embed([]), embedder.schema, "", True, Skipped(0))
            writer.take(made)
            writer.flush()
            assert gallery.delete(sources=source) == 1


def test_pictures_in_object_storage(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    obstore = pytest.importorskip("obstore", reason="needs the extra storage: pip install 'reseen[storage]'")
    store = obstore.store.MemoryStore()
    for module in (listing, reading):
        monkeypatch.setattr(module, "open_address", lambda address: store)
    monkeypatch.setattr(reading, "_open", lambda address: store)

    def packed(*seeds: int) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for seed in seeds:
                archive.writestr(f"{seed}_c2.png", png(seed))
            archive.writestr("__MACOSX/._1_c2.png", b"litter")
        return file.getvalue()

    obstore.put(store, "set.zip", packed(1))
    before = list_pictures("s3://bucket/set.zip")
    told = [(row["name"], row["pid"], row["camid"], row["source"]) for row in before.to_pylist()]
    assert told == [("s3://bucket/set.zip:1_c2.png", 1, 2, "s3://bucket/set.zip")]
    assert reading.read_picture(before.to_pylist()[0]) == png(1)
    obstore.put(store, "set.zip", packed(5, 3, 1))
    rows = list_pictures("s3://bucket/set.zip").to_pylist()
    assert [reading.read_picture(row) for row in rows] == [png(5), png(3), png(1)], "the zip was replaced"
    obstore.put(store, "a/.cache/1_c2.png", png(1))
    obstore.put(store, "a/c4_1.png", png(1))
    assert [(row["path"], row["camid"]) for row in list_pictures("s3://bucket").to_pylist()] == [("a/c4_1.png", 4)]
