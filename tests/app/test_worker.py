"""The one thread that adds, when the disk or the database does not do its part."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from reseen.app.desk import Desk
from reseen.app.keeping import worker as module
from reseen.app.keeping.worker import Worker
from reseen.app.settings import Limits
from reseen.app.state.jobs import StoredJob
from reseen.app.web.uploads import TryAgainError
from reseen.data.person import PersonImage
from reseen.search.gallery.finding.filters import Criteria
from tests.app.served import jpeg
from tests.app.test_keeping import over


def job(desk: Desk, *pictures: bytes) -> str:
    one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "one"})
    (desk.uploads / one).mkdir(parents=True)
    for number, picture in enumerate(pictures or [jpeg(30, 5)]):
        (desk.uploads / one / f"{number:05}-{number + 1}.jpg").write_bytes(picture)
    desk.state.jobs.ready(one)
    return one


def failing(act: Callable[..., Any]) -> Callable[..., Any]:
    """Returns an act that fails the first time."""
    calls: list[object] = []

    def tried(*values: Any, **named: Any) -> Any:
        calls.append(values)
        if len(calls) == 1:
            raise sqlite3.OperationalError("database or disk is full")
        return act(*values, **named)

    return tried


@pytest.mark.parametrize("store", ["jobs.next", "jobs.end", "audit.add"])
def test_a_database_that_fails_once_does_not_end_the_thread(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    monkeypatch.setattr(module, "_AFTER_FAILURE", 0.01)
    adding = Worker(desk)
    adding.start()
    table, name = store.split(".")
    stored = getattr(desk.state, table)
    one = job(desk)
    monkeypatch.setattr(stored, name, failing(getattr(stored, name)))
    try:
        done = over(desk, one)
        assert (done.state, done.added) == ("done", 1)
        assert [entry.action for entry in desk.state.audit.entries()] == ["added"]
        assert adding._thread.is_alive()
    finally:
        adding.stop()


def test_a_job_is_over_and_told_of_at_once_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = job(desk)
    running = desk.state.jobs.next()
    assert running is not None
    monkeypatch.setattr(desk.state.audit, "add", failing(desk.state.audit.add))
    with pytest.raises(sqlite3.OperationalError):
        Worker(desk)._over(running, "done", "1 added")
    left = desk.state.jobs.get(one)
    assert left is not None
    assert left.state == "running"
    assert (desk.uploads / one).exists(), "it goes on later, so its files stay"
    Worker(desk)._over(running, "done", "1 added")
    assert not (desk.uploads / one).exists()
    assert desk.state.audit.entries()[0].detail["state"] == "done"


def test_a_picture_for_which_there_was_no_time_is_looked_at_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AFTER_FAILURE", 0.01)
    busy = iter([True, True, False, False])

    def looked_at(name: str, data: bytes, limits: Limits) -> None:
        if next(busy):
            raise TryAgainError(f"too many pictures are looked at just now; send {name} again in a minute")

    monkeypatch.setattr(module, "check_picture", looked_at)
    one = job(desk, jpeg(30, 5), jpeg(31, 5))
    Worker(desk)._turn()
    done = desk.state.jobs.get(one)
    assert done is not None
    assert (done.state, done.message) == ("done", "2 added")


def test_what_a_job_left_out_before_a_restart_is_told_of_after_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 2)
    monkeypatch.setattr("reseen.app.keeping.course._EVERY", 0.0)
    gone, there = jpeg(33, 5), jpeg(1, 1)
    job(desk, gone)
    Worker(desk)._turn()
    desk.gallery.remove(Criteria(sources="one").filter())
    broken = [f"no picture {number}".encode() for number in range(7)]
    one = job(desk, broken[0], gone, *broken[1:], jpeg(34, 5), there)
    stopped, write = Worker(desk), Worker._write

    def stopping(worker: Worker, task: StoredJob, images: list[PersonImage]) -> int:
        if len(pieces) == 3:
            worker._stop.set()
        pieces.append(images)
        return write(worker, task, images)

    pieces: list[list[PersonImage]] = []
    desk.state.jobs.settle(one, {"camera": None, "seconds": None, "again": False, "source": "two"})
    monkeypatch.setattr(Worker, "_write", stopping)
    stopped._turn()
    left = desk.state.jobs.get(one)
    assert left is not None
    assert (left.state, left.done) == ("waiting", 6), "the last piece that was written is not noted yet"
    monkeypatch.setattr(Worker, "_write", write)
    Worker(desk)._turn()
    done = desk.state.jobs.get(one)
    assert done is not None
    names = ", ".join(f"{number}.jpg" for number in (1, 3, 4, 5, 6))
    told = f"1 added, 1 were there, 7 could not be read ({names} and 2 others), 1 left out, as they were deleted"
    assert (done.state, done.message) == ("done", told)
