"""Whatever a gallery is given: one line that says what is wrong, and nothing that was kept is lost."""

from __future__ import annotations

import base64
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reseen import Embeddings, Gallery, ReseenError
from reseen.search.gallery.keeping.layout import Layout
from tests.search.gallery.persons import persons
from tests.search.gallery.writers import start_writer

PEOPLE = persons(300)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    with Gallery.open(tmp_path_factory.mktemp("hostile") / "gallery") as gallery:
        gallery.add(PEOPLE, seconds=np.arange(300))
        yield gallery


QUERY = np.zeros(16)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda g: g.search(np.zeros(15)), "length 15 cannot be searched for among those of length 16"),
        (lambda g: g.search(np.zeros((2, 2, 16))), r"not of shape \(2, 2, 16\)"),
        (lambda g: g.search(np.zeros((0, 16))), "at least one descriptor"),
        (lambda g: g.search(PEOPLE[:0]), "at least one descriptor"),
        (lambda g: g.search("query.jpg"), r"a query is a descriptor"),
        (lambda g: g.search(np.full(16, np.nan)), "NaN or infinity"),
        (lambda g: g.search(replace(PEOPLE[:1], model="m2")), "model m2 and of model m1 cannot be compared"),
        (
            lambda g: g.search(replace(PEOPLE[:1], features=np.zeros((1, 8)), model="m2")),
            "model m2 and of model m1 cannot be compared: search with the latter, .* reseen gallery reindex",
        ),
        (lambda g: g.search(where="hatt=yes"), "^where: no attribute is called 'hatt'"),
        (lambda g: g.search(), "nothing to search for"),
        (lambda g: g.search(cameras=3), "nothing to search for"),
        (lambda g: g.search(QUERY, top=0), "top must be a whole number"),
        (lambda g: g.search(QUERY, top=2.5), "top must be a whole number"),
        (lambda g: g.search(QUERY, cameras="1 OR 1=1"), "cameras must be a list"),
        (lambda g: g.search(QUERY, cameras=["1) OR (1=1"]), "cameras must be whole numbers"),
        (lambda g: g.search(QUERY, cameras=[1.5]), "cameras must be whole numbers"),
        (lambda g: g.search(QUERY, cameras=True), "cameras must be"),
        (lambda g: g.search(QUERY, cameras=[2**63]), "cameras must be whole numbers"),
        (lambda g: g.search(QUERY, since="0 OR true"), "since must be a number of seconds"),
        (lambda g: g.search(QUERY, until=float("nan")), "until must be a number of seconds"),
        (lambda g: g.search(QUERY, since=5, until=4), "since 5 is after until 4"),
        (lambda g: g.search(QUERY, where="hat=yes or true"), "joined by 'and' only"),
        (lambda g: g.search(QUERY, where="hat=yes; DROP TABLE persons"), "cannot read"),
        (lambda g: g.search(QUERY, where="hat='yes'' OR ''1'='1'"), "hat"),
        (lambda g: g.search(QUERY, where="c0=1"), "no attribute is called"),
        (lambda g: g.search(QUERY, where=7), "where must be text"),
        (lambda g: g.search(QUERY, where="hat=yes", soft=True), "soft ranks by attributes alone"),
        (lambda g: g.search(where="hat=yes", unlike=QUERY), "a picture of whom it is not needs a query picture"),
        (lambda g: g.search(where="hat=yes", rerank=True), "re-ranking needs a query picture"),
        (lambda g: g.add([1, 2, 3]), "takes Embeddings, not list"),
        (lambda g: g.add(replace(PEOPLE, model="m2")), "model m2 do not belong into a gallery of model m1"),
        (lambda g: g.add(replace(PEOPLE, model="")), "a model that nobody noted do not belong"),
        (lambda g: g.add(replace(PEOPLE, features=np.zeros((300, 8)))), "length 8 and 16 cannot be compared"),
        (lambda g: g.add(replace(PEOPLE, attributes=None)), "attributes gender, hat, upper_color, these .* none"),
        (lambda g: g.add(PEOPLE, seconds=[1, 2]), r"seconds must be one number or 300"),
        (lambda g: g.add(PEOPLE, seconds="noon"), "seconds must be numbers"),
        (lambda g: g.add(PEOPLE, seconds=np.inf), "seconds must be finite"),
        (lambda g: g.add(PEOPLE, pictures=[b""]), "pictures must be 300 encoded images"),
        (lambda g: g.add(PEOPLE, source=5), "source must be text"),
        (lambda g: g.add(persons(5, prefix="nowhere"), copy=True), "there is no picture nowhere/000000.jpg"),
        (lambda g: g.delete(paths=[5]), "paths must be text"),
        (lambda g: g.delete(pids="all"), "pids must be a list"),
    ],
)  # fmt: skip
def test_wrong_input_is_told_in_one_line(gallery: Gallery, call: Callable[[Gallery], Any], says: str) -> None:
    with pytest.raises(ReseenError, match=says) as error:
        call(gallery)
    assert "\n" not in str(error.value)
    assert len(gallery) == 300


@pytest.mark.parametrize("path", ["' OR '1'='1", "x') OR (true", "\\' OR true --", "x'; DELETE", "`id`", "\x00", "%"])
def test_a_path_is_only_ever_a_path(tmp_path: Path, path: str) -> None:
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(replace(PEOPLE[:3], paths=[path, "other", "third"]))
        assert gallery.search(PEOPLE.features[0])[0].path == path
        assert gallery.delete(paths=path, sources="") == 1
        assert gallery.delete(sources=path) == 0
        assert len(gallery) == 2


def test_attribute_names_are_no_sql(tmp_path: Path) -> None:
    evil = "x`) OR true --"
    table = np.array([[0.1, 0.9], [0.9, 0.1]], np.float32)
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(Embeddings(np.eye(2), [0, 1], [0, 1], {evil: table}, ["a", "b"]))
        assert [match.path for match in gallery.search([0.0, 0.0], where=f'"{evil}"=yes')] == ["a"]


def not_a_gallery(folder: Path) -> None:
    folder.mkdir()
    (folder / "holiday.jpg").touch()


def a_file(folder: Path) -> None:
    folder.write_text("x")


def broken_note(folder: Path) -> None:
    Gallery.open(folder).add(PEOPLE)
    (folder / "gallery.json").write_text('{"format": 1')


def a_later_format(folder: Path) -> None:
    Gallery.open(folder)
    (folder / "gallery.json").write_text('{"format": 2, "current": "", "retention_days": 8}')


def no_table(folder: Path) -> None:
    Gallery.open(folder)
    (folder / "gallery.json").write_text('{"format": 1, "current": "persons-gone", "retention_days": 8}')


def out_of_the_folder(folder: Path) -> None:
    Gallery.open(folder)
    (folder / "gallery.json").write_text('{"format": 1, "current": "../x", "retention_days": 8}')


def broken_manifest(folder: Path) -> None:
    Gallery.open(folder).add(PEOPLE)
    for file in folder.glob("*.lance/_versions/*.manifest"):
        file.write_bytes(file.read_bytes()[:40])


def somebody_elses_table(folder: Path) -> None:
    import lancedb

    Gallery.open(folder)
    lancedb.connect(folder).create_table("persons-x", [{"id": 1}])
    (folder / "gallery.json").write_text('{"format": 1, "current": "persons-x", "retention_days": 8}')


def damaged_layout(folder: Path) -> None:
    import lancedb

    Gallery.open(folder)
    schema = Layout.of(PEOPLE).arrow()
    noted = json.loads(schema.metadata[b"reseen"])
    noted["arrays"] = base64.b64encode(b"no arrays").decode()
    lancedb.connect(folder).create_table("persons-x", schema=schema.with_metadata({"reseen": json.dumps(noted)}))
    (folder / "gallery.json").write_text('{"format": 1, "current": "persons-x", "retention_days": 8}')


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (not_a_gallery, "is no gallery and not empty"),
        (a_file, "is no gallery and not empty"),
        (broken_note, "is no gallery's note"),
        (a_later_format, "unknown format"),
        (no_table, "persons-gone"),
        (out_of_the_folder, "Invalid table name"),
        (broken_manifest, "gallery .*: "),
        (somebody_elses_table, "no table of a gallery"),
        (damaged_layout, "no table of a gallery"),
    ],
)
def test_what_is_no_gallery_is_left_alone(tmp_path: Path, make: Callable[[Path], None], says: str) -> None:
    folder = tmp_path / "g"
    make(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(ReseenError, match=says) as error:
        Gallery.open(folder)
    assert "\n" not in str(error.value)
    assert sorted(folder.rglob("*")) == before


def test_truncated_data_is_told(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(PEOPLE)
        (data,) = gallery.folder.glob("*.lance/data/*.lance")
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    with (
        Gallery.open(tmp_path / "g") as gallery,
        pytest.raises(ReseenError, match=r"gallery .*: .*see reseen gallery check"),
    ):
        gallery.search(QUERY)


def test_a_closed_gallery_says_so(tmp_path: Path) -> None:
    gallery = Gallery.open(str(tmp_path / "g"))
    assert len(gallery) == 0
    assert bool(gallery)
    with pytest.raises(ReseenError, match="the gallery is empty"):
        gallery.search(QUERY)
    gallery.close()
    gallery.close()
    for call in (lambda: gallery.search(QUERY), lambda: gallery.add(PEOPLE), lambda: len(gallery)):
        with pytest.raises(ReseenError, match="is closed"):
            call()


def test_a_folder_that_cannot_be_locked_is_told(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g") as gallery:
        (tmp_path / "g" / ".lock").unlink()
        (tmp_path / "g" / ".lock").mkdir()
        with pytest.raises(ReseenError, match=r"gallery .*: .*Is a directory"):
            gallery.add(PEOPLE)


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lancedb", None)
    with pytest.raises(ReseenError, match=r"needs lancedb, which is not installed: pip install 'reseen\[gallery\]'"):
        Gallery.open(tmp_path / "g")


@pytest.mark.parametrize("name", ["", None, 5])
def test_a_gallery_needs_a_name(name: Any) -> None:
    with pytest.raises(ReseenError, match="name a gallery's folder"):
        Gallery.open(name)


def received(connection: Connection) -> list[Any]:
    """Returns all that a process has sent up to its end."""
    messages = []
    with contextlib.suppress(EOFError):
        while True:
            messages.append(connection.recv())
    return messages


@pytest.mark.slow
def test_two_writers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    Gallery.open(tmp_path / "g")
    writers = [start_writer(tmp_path / "g", prefix, 30) for prefix in ("a", "b", "a")]
    assert [received(connection)[-1] for _, connection in writers] == [30, 30, 30]
    with Gallery.open(tmp_path / "g") as gallery:
        found = [match.path for match in gallery.search(QUERY, top=1_000)]
    assert sorted(found) == sorted(f"{prefix}/{row:06}.jpg" for prefix in "ab" for row in range(30))


def killed_writers(folder: Path, kills: int, seed: int) -> None:
    """Kills writers at random points; after each, all that was acknowledged is there once."""
    rng, acknowledged = np.random.default_rng(seed), 0
    for kill in range(kills):
        writer, connection = start_writer(folder, "a", 5_000, first=max(0, acknowledged - 20))
        while (message := connection.recv()) <= acknowledged:  # what is there is passed over
            assert isinstance(message, int)
        time.sleep(rng.uniform(0, 0.2))
        writer.kill()
        writer.join()
        acknowledged = max([message, *received(connection)])
        with Gallery.open(folder) as gallery:
            found = sorted(match.path for match in gallery.search(QUERY, top=10_000))
        assert found == [f"a/{row:06}.jpg" for row in range(len(found))], f"doubled or lost at kill {kill}"
        assert acknowledged <= len(found) <= acknowledged + 10, f"lost at kill {kill}"


@pytest.mark.slow
def test_a_killed_writer_loses_and_doubles_nothing(tmp_path: Path) -> None:
    killed_writers(tmp_path / "g", kills=3, seed=0)


@pytest.mark.long
def test_fifty_killed_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    killed_writers(tmp_path / "g", kills=50, seed=1)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """A limit on the size of files fails a write in the middle, as a full disk does."""
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(PEOPLE)

    _, connection = start_writer(tmp_path / "g", "b", 10, largest_file=200)
    (message,) = received(connection)
    assert "gallery " in message
    assert "what was added before is not touched" in message
    with Gallery.open(tmp_path / "g") as gallery:
        assert len(gallery) == 300
        assert gallery.add(persons(10, prefix="b")) == 10
