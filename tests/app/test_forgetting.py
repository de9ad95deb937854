"""What the command line deletes is forgotten by the application too."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from reseen.app.desk import Desk
from reseen.app.finding.searching import Ask, search
from reseen.app.finding.why import Explainer
from reseen.app.keeping import worker
from reseen.app.keeping.deleting import delete, expire, finish, forget_gone
from reseen.app.keeping.worker import Worker
from reseen.app.messages import Deletion
from reseen.app.server import create_app
from reseen.app.state.cameras import Plan
from reseen.app.state.users import User
from reseen.errors import ReseenError
from reseen.search.gallery.finding.filters import Filter, OneOf
from tests.app.served import jpeg

LOCAL = User("local", "operator")
NEEDLE = "needle-4711"


def kept(desk: Desk) -> bool:
    """Returns whether the needle is in any file of the state."""
    return any(NEEDLE.encode() in file.read_bytes() for file in desk.state.folder.rglob("*") if file.is_file())


def failing(*_: Any, **__: Any) -> Any:
    raise sqlite3.OperationalError("database or disk is full")


def test_what_belongs_to_rows_that_are_gone_is_forgotten_when_the_server_starts(desk: Desk) -> None:
    uploaded = search(desk, LOCAL, Ask("a row's picture", [jpeg(1, 1)]))
    gone, stays = (place.row for place in uploaded.ranking[:2])
    by_row = search(desk, LOCAL, Ask("a row", like_refs=[f"row:{gone}", f"row:{stays}"]))
    other = search(desk, LOCAL, Ask("nobody's row", [jpeg(9, 9)]))
    assert gone == uploaded.queries[0].hash
    for row in (gone, stays):
        desk.state.feedback.say(by_row.id, row, True, "local")
    desk.gallery.remove(Filter((OneOf("id", (gone,)),)))  # as reseen gallery delete does
    with TestClient(create_app(desk)):
        pass
    records = [desk.state.searches.get(each.id) for each in (uploaded, by_row, other)]
    kept = [[query.descriptor is not None for query in record.queries] for record in records if record]
    assert kept == [[False], [False, True], [True]]
    assert records[0] is not None
    assert records[0].queries[0].picture is None
    assert desk.state.feedback.of(by_row.id) == {stays: True}
    entry = desk.state.audit.entries()[0]
    assert (entry.action, entry.detail) == ("forget", {"rows": 1, "queries": 2, "verdicts": 1})


def test_searches_older_than_the_retention_lose_their_pictures(desk: Desk) -> None:
    one = search(desk, LOCAL, Ask("nobody's row", [jpeg(9, 9)])).id
    forget_gone(desk)
    assert desk.state.audit.entries()[0].action == "search", "nothing was forgotten, so nothing is told"
    desk.gallery.retention = 1e-9
    forget_gone(desk)
    record = desk.state.searches.get(one)
    assert record is not None
    assert (record.queries[0].picture, record.queries[0].descriptor) == (None, None)
    assert len(desk.gallery) == 12, "rows are another matter"


def test_the_worker_looks_once_an_hour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    times, looked = iter([0.0, 0.0, 3599.0, 3600.0, 3600.0]), []
    monkeypatch.setattr(worker, "forget_gone", looked.append)
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    idle = Worker(desk)
    counts = []
    for _ in range(3):
        idle._tidy()
        counts.append(len(looked))
    assert counts == [1, 1, 2]


def by_page(desk: Desk) -> None:
    delete(desk, Explainer(desk), LOCAL, Deletion(cameras=(1, 2, 3), reason="asked for"))


def by_retention(desk: Desk) -> None:
    desk.gallery.retention = 1e-9
    expire(desk, Explainer(desk), LOCAL, 1e-9)


def by_command_line(desk: Desk) -> None:
    desk.gallery.remove(Filter((OneOf("camera", (1, 2, 3)),)))
    forget_gone(desk)


@pytest.mark.parametrize("way", [by_page, by_retention, by_command_line])
def test_a_verdict_on_a_row_that_is_gone_is_in_no_file(desk: Desk, way: Callable[[Desk], None]) -> None:
    found = search(desk, LOCAL, Ask("a row", like_refs=[f"row:{desk.overview().ids[0]}"]))
    desk.state.feedback.say(found.id, found.ranking[0].row, True, NEEDLE)
    desk.state.forget()  # so that it stands in the file itself, not in its log alone
    assert kept(desk)
    way(desk)
    assert len(desk.gallery) == 0
    assert not kept(desk)


def test_a_plan_that_is_taken_away_is_in_no_file(web: TestClient, desk: Desk) -> None:
    desk.state.cameras.draw(Plan(2, 1, NEEDLE.encode()))
    desk.state.forget()
    assert kept(desk)
    web.delete("/api/plan").raise_for_status()
    assert not kept(desk)


def test_a_file_that_another_program_holds_is_told_of(desk: Desk) -> None:
    other = sqlite3.connect(desk.state.folder / "state.db", isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT * FROM audit").fetchall()
    desk.state._database._connection.execute("PRAGMA busy_timeout = 1")
    desk.state.audit.add("ann", "search")
    with pytest.raises(ReseenError, match="is held by another program, so what was deleted is still in it"):
        desk.state.forget()
    other.close()
    desk.state.forget()


@pytest.mark.parametrize(("way", "action"), [(by_page, "delete"), (by_retention, "expire")])
def test_a_deletion_that_fails_late_is_finished_and_told_of_by_the_next_process(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, way: Callable[[Desk], None], action: str
) -> None:
    one = search(desk, LOCAL, Ask("a row's picture", [jpeg(1, 1)])).id
    with monkeypatch.context() as broken:
        broken.setattr(desk.state.searches, "forget_rows", failing)
        with pytest.raises(sqlite3.OperationalError):
            way(desk)
    assert len(desk.gallery) == 0
    finish(desk)
    finish(desk)
    entry, before = desk.state.audit.entries(size=2)
    assert (entry.who, entry.action, before.action) == ("local", action, "search"), "once"
    assert (entry.detail["rows"], entry.detail["finished"]) == (12, "after a restart")
    record = desk.state.searches.get(one)
    assert record is not None
    assert record.queries[0].picture is None


def test_a_deletion_that_fails_before_anything_is_gone_is_not_done_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(desk.gallery, "remove", failing)
        with pytest.raises(sqlite3.OperationalError):
            by_page(desk)
    finish(desk)
    assert len(desk.gallery) == 12
    assert desk.state.audit.entries() == []
