"""What lies beside the tables does the same on disk and in object storage, and one writer is one writer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.gallery_files import LOCK, NOTE, is_gallery
from reseen.search.gallery.keeping import files, objects
from reseen.search.gallery.keeping.files import BusyError, Disk, Files
from reseen.search.gallery.keeping.objects import Objects

Open = Callable[[], Files]


@pytest.fixture(params=["disk", "objects"])
def another(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens one place, as one process after the other would."""
    if request.param == "disk":
        return lambda: Disk(tmp_path / "hall")
    store = pytest.importorskip("obstore.store").MemoryStore()
    monkeypatch.setattr(objects, "open_address", lambda address: store)
    return lambda: Objects("s3://bucket/hall")


def test_files_are_written_read_and_deleted(another: Open) -> None:
    place = another()
    place.begin(b"{}")
    place.begin(b"another note")
    assert place.read(NOTE) == b"{}"
    assert place.read("deleted") is None
    place.write("deleted", b"abc")
    place.write("deleted", b"abcdef")
    place.write("table.lance/data/one", b"x" * 100)
    assert another().read("deleted") == b"abcdef"
    assert set(place.names()) >= {NOTE, "deleted", "table.lance"}
    assert place.names("table.lance/data") == ["one"]
    sizes = {name: size for name, size in place.sizes() if name != LOCK}
    assert sizes == {NOTE: 2, "deleted": 6, "table.lance/data/one": 100}
    place.remove("deleted")
    place.remove("deleted")
    assert place.read("deleted") is None


def test_two_who_begin_at_once_make_one_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []

    def looked_too_early(folder: Path) -> bool:
        looked.append(folder)
        if len(looked) > 1:
            return is_gallery(folder)
        Disk(folder).begin(b"another's, with rows")
        return False

    monkeypatch.setattr(files, "is_gallery", looked_too_early)
    place = Disk(tmp_path / "hall")
    place.begin(b"an empty one")
    assert place.read(NOTE) == b"another's, with rows"


def test_sizes_pass_over_what_is_removed_meanwhile(tmp_path: Path) -> None:
    place = Disk(tmp_path / "hall")
    place.begin(b"{}")
    for name in ("a", "b", "c"):
        place.write(name, b"x")
    told = []
    for name, _ in place.sizes():
        told.append(name)
        place.remove("b")
    assert [name for name in told if name in ("a", "b", "c")] == ["a", "c"]


def test_bytes_are_found_wherever_they_lie(another: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_CHUNK", 1000)
    place, needle = another(), b"0123456789abcdef"
    place.begin(b"{}")
    for start in (0, 990, 999, 5000 - len(needle)):
        content = bytearray(5000)
        content[start : start + len(needle)] = needle
        place.write("file", bytes(content))
        assert place.holds("file", [b"nothing like it", needle]), start
    place.write("file", bytes(5000))
    assert not place.holds("file", [needle])
    assert not place.holds("file", [])
    place.write("file", b"")
    assert not place.holds("file", [needle])


def test_what_is_something_else_stays_so(another: Open) -> None:
    place = another()
    place.begin(b"{}")
    place.write("mine.txt", b"mine")
    place.remove(NOTE)
    with pytest.raises(ReseenError, match="is no gallery and not empty"):
        another().begin(b"{}")


def test_writers_take_turns(another: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_LOOK", 0.01)
    another().begin(b"{}")
    at_work: list[int] = []
    most: list[int] = []

    def write(number: int) -> None:
        with another().locked():
            at_work.append(number)
            most.append(len(at_work))
            time.sleep(0.02)
            at_work.remove(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_whoever_waits_too_long_is_told(another: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WAIT", 0.2)
    monkeypatch.setattr(objects, "_LOOK", 0.05)
    another().begin(b"{}")
    with another().locked(), pytest.raises(ReseenError, match="somebody else has been writing to"), another().locked():
        pass


def test_whoever_is_not_patient_goes_at_once(another: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_LEASE", 0.6)
    monkeypatch.setattr(objects, "_LOOK", 0.02)
    another().begin(b"{}")
    with another().locked(patient=False):
        start = time.monotonic()
        with pytest.raises(BusyError), another().locked(patient=False):
            pass
        assert time.monotonic() - start < 30
    with another().locked(patient=False):
        pass


class TestLease:
    """A lock in object storage has nobody's process behind it, so it has to be renewed."""

    @pytest.fixture
    def place(self, monkeypatch: pytest.MonkeyPatch) -> Objects:
        store = pytest.importorskip("obstore.store").MemoryStore()
        monkeypatch.setattr(objects, "open_address", lambda address: store)
        monkeypatch.setattr(objects, "_LOOK", 0.02)
        return Objects("s3://bucket/hall")

    def test_a_dead_writers_lock_is_taken_over(self, place: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(objects, "_LEASE", 0.3)
        place.write(".lock", b"of a process that was killed")
        start = time.monotonic()
        with place.locked():
            assert time.monotonic() - start > 0.3
        assert place.read(".lock") == b""

    def test_a_slow_writer_keeps_its_lock(self, place: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(objects, "_LEASE", 0.3)
        monkeypatch.setattr(files, "WAIT", 1.2)
        with place.locked(), pytest.raises(ReseenError, match="somebody else"), Objects("s3://bucket/hall").locked():
            pass

    def test_a_writer_that_stood_still_is_told(self, place: Objects) -> None:
        with pytest.raises(ReseenError, match=r"another one has written to s3://bucket/hall meanwhile"), place.locked():
            place.write(".lock", b"of the one that took over")
        assert place.read(".lock") == b"of the one that took over"


@pytest.mark.parametrize("made_before", [False, True])
def test_no_other_account_can_look_into_a_gallery(tmp_path: Path, made_before: bool) -> None:
    place = tmp_path / "hall"
    if made_before:
        place.mkdir(mode=0o755)
    Disk(place).begin(b"{}")
    assert place.stat().st_mode & 0o777 == 0o700
