"""The one thread that adds, when the disk or the database does not do its part."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from reseen.app.desk import Desk
from reseen.app.keeping import worker as module
from reseen.app.keeping.worker import Worker
from tests.app.served import jpeg
from tests.app.test_keeping import over


def job(desk: Desk) -> str:
    one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "one"})
    (desk.uploads / one).mkdir(parents=True)
    (desk.uploads / one / "00000-1.jpg").write_bytes(jpeg(30, 5))
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
