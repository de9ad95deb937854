"""The stage gives what the embedder gives, wherever the pictures lie; no Ray is needed to see that."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from reseen import Gallery
from reseen.data.images.decoding import Skipped
from reseen.distributed import list_pictures
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
