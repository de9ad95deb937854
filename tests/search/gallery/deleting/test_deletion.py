"""What is deleted is gone: from every search, from every table, and from every byte on disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reseen import Gallery, ReseenError
from reseen.errors import ReseenWarning
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.finding import index
from reseen.search.gallery.keeping import files
from reseen.search.gallery.keeping.store import Store
from tests.search.gallery.persons import kill_while_deleting, persons, png

PEOPLE = persons(1_000)


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "gallery") as gallery:
        yield gallery


def holding(folder: Path, needle: bytes) -> list[str]:
    """Returns the files that hold some bytes."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return [file.name for file in files if needle in file.read_bytes()]


@pytest.mark.parametrize("indexed", [False, True])
def test_one_row_in_a_thousand_is_gone_from_every_byte(
    gallery: Gallery, indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if indexed:
        monkeypatch.setattr(index, "EXACT_ROWS", 500)
        monkeypatch.setattr(index, "_PARTITION", 100)
    pictures = [png(seed) for seed in range(1_000)]
    for start in range(0, 1_000, 250):
        rows = slice(start, start + 250)
        gallery.add(PEOPLE[rows], pictures=pictures[rows])
    marked = replace(PEOPLE[:1], features=PEOPLE.features[:1] + 1, paths=["unmistakable-person-0777.png"])
    stays = replace(PEOPLE[:1], features=PEOPLE.features[:1] - 1, paths=["unmistakable-person-0778.png"])
    gallery.add(marked, pictures=[png(5_000)], source="unmistakable-source")
    gallery.add(stays, pictures=[png(5_001)], source="the-source-that-stays")
    found, left = gallery.search(marked.features)[0], gallery.search(stays.features)[0]
    needles = [png(5_000), marked.features.tobytes(), b"unmistakable-person-0777", b"unmistakable-source"]
    others = [png(5_001), stays.features.tobytes(), b"unmistakable-person-0778", b"the-source-that-stays"]
    needles, others = [*needles, found.id.encode()], [*others, left.id.encode()]
    assert all(holding(gallery.folder, needle) for needle in needles), "else this test can find nothing"
    assert found.distance == 0

    assert gallery.delete(paths="unmistakable-person-0777.png") == 1
    assert [holding(gallery.folder, needle) for needle in needles] == [[]] * 5
    assert all(holding(gallery.folder, needle) for needle in others), "nothing is packed so that it cannot be found"
    assert len(gallery) == 1_001
    assert gallery.search(marked.features)[0].path.startswith("crops/")
    assert len(list(gallery.folder.glob("*.lance/data/*"))) == 1, "what a killed writer left would lie here"


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({"cameras": 3}, lambda row: row % 7 != 3),
        ({"cameras": [3, np.int64(4)]}, lambda row: row % 7 not in (3, 4)),
        ({"pids": [11]}, lambda row: row % 50 != 11),
        ({"since": 100, "until": 199.5}, lambda row: not 100 <= row <= 199),
        ({"until": 10}, lambda row: row > 10),
        ({"cameras": 3, "since": 500}, lambda row: not (row % 7 == 3 and row >= 500)),
        ({"paths": ["crops/000005.jpg", "crops/none.jpg"]}, lambda row: row != 5),
        ({"sources": "hall"}, lambda row: False),
        ({"cameras": []}, lambda row: True),
        ({"cameras": 99}, lambda row: True),
    ],
)
def test_what_is_said_is_deleted_and_nothing_else(gallery: Gallery, criteria: dict[str, Any], left: Any) -> None:
    gallery.add(PEOPLE, seconds=np.arange(1_000), source="hall")
    expected = {f"crops/{row:06}.jpg" for row in range(1_000) if left(row)}
    assert gallery.delete(**criteria) == 1_000 - len(expected)
    assert len(gallery) == len(expected)
    if expected:
        assert {match.path for match in gallery.search(PEOPLE.features[0], top=1_000)} == expected


def test_rows_without_a_time_are_in_no_time_range(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:2], seconds=[5, np.nan])
    assert gallery.delete(since=-1e12) == 1
    assert len(gallery) == 1


def test_deleting_needs_to_be_told_what(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:5])
    with pytest.raises(ReseenError, match="say what to delete"):
        gallery.delete()
    assert len(gallery) == 5


def test_what_was_deleted_comes_back_only_if_asked_for(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:10])
    gallery.delete(paths=["crops/000003.jpg", "crops/000004.jpg"])
    with pytest.warns(ReseenWarning, match=r"deleted from .*gallery before, and so left out: 2; add them with again"):
        assert gallery.add(PEOPLE[:15]) == 5
    assert len(gallery) == 13
    assert gallery.delete(paths=["crops/000003.jpg", "crops/000004.jpg"]) == 0
    assert gallery.add(PEOPLE[10:20]) == 5
    assert gallery.add(PEOPLE[:20], again=True) == 2
    assert gallery.add(PEOPLE[:20]) == 0
    assert deletion.buried(Store(gallery.folder)) == set()


def test_a_tombstone_is_sixteen_bytes(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:10])
    gallery.delete(cameras=[0, 1])
    assert (gallery.folder / "deleted").stat().st_size == 16 * 4


def test_half_a_tombstone_spoils_none_that_come_after_it(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:10])
    gallery.delete(cameras=0)
    with (gallery.folder / "deleted").open("ab") as file:
        file.write(b"short")
    gallery.delete(cameras=1)
    with pytest.warns(ReseenWarning, match="left out: 4;"):
        assert gallery.add(PEOPLE[:10]) == 0


def test_the_retention_deletes_what_is_old(gallery: Gallery) -> None:
    assert gallery.retention == 8
    now, day = time.time(), 86_400
    gallery.add(PEOPLE[:4], seconds=[now - 9 * day, now - 7 * day, 12.5, np.nan])
    assert gallery.expire().rows == 1
    gallery.retention = 6
    assert gallery.expire().rows == 1
    assert gallery.expire(now + 5.9 * day).rows == 0  # a recording's own clock, and none, go by when they were added
    assert gallery.expire(now + 6.1 * day).rows == 2
    assert Gallery.open(gallery.folder).retention == 6
    for days in (0, -1, float("nan"), "8", True):
        with pytest.raises(ReseenError, match="number of days above 0"):
            gallery.retention = days  # type: ignore[assignment]


def test_other_models_tables_are_deleted_from(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:20])
    store, old = gallery.store, gallery.store.settings()["current"]
    with Gallery.open(gallery.folder.parent / "other") as other:
        other.add(replace(PEOPLE[:20], model="m2"))
        shutil.copytree(other.folder / "persons-m2.lance", gallery.folder / "persons-m2.lance")
    gallery.delete(cameras=2)
    assert old == "persons-m1"
    assert store.names() == ["persons-m1", "persons-m2"]
    assert [store.table(name).count_rows("camera = 2") for name in store.names()] == [0, 0]


def test_a_deletion_that_was_killed_between_two_tables_leaves_nothing(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.add(PEOPLE[:20], pictures=[png(row) for row in range(20)])
    gallery.delete(paths="crops/000004.jpg")
    gallery.add(PEOPLE[4:5], pictures=[png(4)], again=True)
    with Gallery.open(gallery.folder.parent / "other") as other:
        other.add(replace(PEOPLE[:20], model="m2"), pictures=[png(row) for row in range(20)])
        shutil.copytree(other.folder / "persons-m2.lance", gallery.folder / "persons-m2.lance")

    def killed(sql: str) -> None:
        raise KeyboardInterrupt

    second = gallery.store.table("persons-m2")
    with monkeypatch.context() as patch:
        patch.setattr(second, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            gallery.delete(paths="crops/000007.jpg")
    assert second.count_rows() == 20
    with Gallery.open(gallery.folder) as reopened:
        tables = [reopened.store.table(name) for name in ("persons-m1", "persons-m2")]
        assert [table.count_rows() for table in tables] == [19, 19]
        assert [table.count_rows("path = 'crops/000004.jpg'") for table in tables] == [1, 1], "it was added again"
    assert not holding(gallery.folder, png(7))


def test_who_opens_does_not_wait_for_who_is_deleting(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WAIT", 0.1)
    gallery.add(PEOPLE[:5])
    with gallery.store.writing():
        gallery.store.files.write(deletion.MARK, b"")
        with Gallery.open(gallery.folder) as reader:
            assert reader.search(PEOPLE.features[3])[0].path == "crops/000003.jpg"
        assert deletion.begun(gallery.store)
    Gallery.open(gallery.folder).close()
    assert not deletion.begun(gallery.store)


def test_a_table_is_opened_while_another_thread_closes_all(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closing(dict[str, Any]):
        def __contains__(self, name: object) -> bool:
            there = super().__contains__(name)
            self.clear()
            return there

    gallery.add(PEOPLE[:5])
    monkeypatch.setattr(gallery.store, "_tables", Closing(gallery.store._tables))
    assert gallery.store.table("persons-m1").count_rows() == 5


def test_a_deletion_that_was_killed_is_finished_by_the_next_who_opens(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.add(PEOPLE, pictures=[png(seed) for seed in range(1_000)])
    kill_while_deleting(gallery, "crops/000777.jpg", monkeypatch)
    assert holding(gallery.folder, png(777))
    with Gallery.open(gallery.folder) as reopened:
        assert len(reopened) == 999
    assert not holding(gallery.folder, png(777))
    assert not (gallery.folder / "deleting").exists()
