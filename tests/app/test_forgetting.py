"""What the command line deletes is forgotten by the application too."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from reseen.app.desk import Desk
from reseen.app.finding.searching import Ask, search
from reseen.app.keeping import worker
from reseen.app.keeping.deleting import forget_gone
from reseen.app.keeping.worker import Worker
from reseen.app.server import create_app
from reseen.app.state.users import User
from reseen.search.gallery.finding.filters import Filter, OneOf
from tests.app.served import jpeg

LOCAL = User("local", "operator")


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
