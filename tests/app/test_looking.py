"""Who looks by a filter, or follows somebody over cameras, says why, or stands in the audit trail with it."""

from __future__ import annotations

import re
from functools import partial
from html import unescape

import pytest
from fastapi.testclient import TestClient

from reseen.app.desk import Desk
from reseen.app.finding import looking
from reseen.client import Client
from reseen.errors import ReseenError


@pytest.mark.parametrize("sought", [{"where": "hat in (no, yes)"}, {"cameras": [2]}, {"since": 100.0}, {"until": 0.0}])
def test_to_look_by_a_filter_needs_a_purpose(client: Client, desk: Desk, sought: dict) -> None:
    for purpose in ("", " \u200b  "):
        with pytest.raises(ReseenError, match="say what this search is for"):
            client.rows(**sought, purpose=purpose)
    assert desk.state.audit.entries() == []
    client.rows(**sought, purpose="lost child")
    assert [entry.detail["purpose"] for entry in desk.state.audit.entries()] == ["lost child"]


def test_what_was_looked_by_stands_in_the_trail(client: Client, desk: Desk) -> None:
    assert len(client.rows().rows) == 12
    assert desk.state.audit.entries() == [], "all of them, newest first, is no search"
    client.rows("hat in (yes, no)", [3, 2, 2], since=100.0, purpose="  lost   child ")
    (entry,) = desk.state.audit.entries()
    filters = {"where": "hat in (no, yes)", "cameras": [2, 3], "since": 100.0, "until": None}
    assert (entry.who, entry.action) == ("local", "browse")
    assert entry.detail == {"purpose": "lost child", "filters": filters, "found": 8}


def test_further_pages_are_the_same_look_unless_something_is_another(web: TestClient, desk: Desk) -> None:
    asked = {"camera": [1, 2], "purpose": "lost child", "size": "3"}
    cursor = web.get("/api/rows", params=asked).json()["cursor"]
    pages = [web.get("/api/rows", params={**asked, "cursor": cursor}) for _ in range(2)]
    assert [len(page.json()["rows"]) for page in pages] == [3, 3]
    assert len(desk.state.audit.entries()) == 1
    for other in ({"camera": [3]}, {"purpose": "another child"}):  # with a cursor that nobody was given for it
        web.get("/api/rows", params={**asked, **other, "cursor": cursor}).raise_for_status()
    assert [entry.detail["filters"]["cameras"] for entry in desk.state.audit.entries()] == [[1, 2], [3], [1, 2]]
    web.get("/api/rows", params=asked).raise_for_status()
    assert len(desk.state.audit.entries()) == 4, "to look anew is to look"


def test_the_page_asks_why_before_it_shows_anybody(web: TestClient, desk: Desk) -> None:
    asked = web.get("/browse", params={"camera": "2"})
    assert asked.status_code == 200
    assert "Say why you look for these" in asked.text
    assert "/picture" not in asked.text
    assert re.search(r'id="camera-2" name="camera" value="2" checked', asked.text), "what was chosen stays so"
    assert desk.state.audit.entries() == []
    shown = web.get("/browse", params={"camera": "2", "purpose": "lost child"}).text
    assert shown.count('class="card"') == 4
    assert 'value="lost child"' in shown
    assert len(desk.state.audit.entries()) == 1
    assert "Say what this search is for" in web.get("/browse", params={"camera": "2", "purpose": "?"}).text


def test_the_next_page_is_asked_for_with_the_purpose(
    web: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "browse", partial(looking.browse, size=3))
    first = web.get("/browse", params={"camera": "2", "purpose": "lost & found"}).text
    following = unescape(re.findall(r'hx-get="(/browse[^"]+)"', first)[0])
    assert web.get(following, headers={"hx-request": "true"}).text.count('class="card"') == 1
    assert len(desk.state.audit.entries()) == 1


def test_whoever_follows_somebody_over_cameras_stands_in_the_trail(web: TestClient, client: Client, desk: Desk) -> None:
    row = client.rows().rows[0].id
    client.appearances(row)
    web.get(f"/people/{row}").raise_for_status()
    told = [(entry.action, entry.detail) for entry in desk.state.audit.entries()]
    assert told == [("appearances", {"row": row, "found": 3})] * 2
