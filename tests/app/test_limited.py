"""Users who are limited to cameras: what they may not see is neither told of nor called deleted."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from reseen.app.desk import Desk
from reseen.app.finding import exports
from reseen.app.keeping import deleting
from reseen.app.messages import Deletion
from reseen.app.state.users import User
from reseen.client import Client
from reseen.errors import ReseenError
from tests.app.served import jpeg
from tests.app.test_access import login

LIMITED = User("oz", "operator", frozenset({2}))


@pytest.fixture
def ann(desk: Desk) -> Client:
    desk.state.users.add("ann", "correct horse", "operator")
    desk.state.users.add("bob", "correct horse", "viewer", cameras=[2])
    desk.state.users.add("oz", "correct horse", "operator", cameras=[2])
    return Client(http=login(desk, "ann"))


@pytest.fixture
def oz(desk: Desk, ann: Client) -> TestClient:
    return login(desk, "oz")


def test_a_record_has_the_cameras_that_were_searched(desk: Desk, ann: Client) -> None:
    bob = Client(http=login(desk, "bob"))
    found = [bob.search(jpeg(1, 1), purpose="mine", cameras=asked) for asked in ([], [1, 2], [1])]
    assert [(each.cameras, each.total) for each in found] == [((2,), 4), ((2,), 4), ((1,), 0)]
    assert ann.search(jpeg(1, 1), purpose="all").cameras == ()
    assert [each.cameras for each in ann.searches().searches[1:]] == [(1,), (2,), (2,)]


def test_hidden_is_not_deleted_and_has_no_id(desk: Desk, ann: Client) -> None:
    """In one's own searches of when one could see more."""
    desk.state.users.add("oz", "correct horse", "operator")
    unlimited = Client(http=login(desk, "oz"))
    whole = unlimited.search(jpeg(1, 1, seed=5), purpose="all of it")
    rows = {each.id: each.row.camera for each in whole.results if each.row}
    hidden = [row for row, camera in rows.items() if camera != 2]
    gone = next(row for row, camera in rows.items() if camera == 2)
    by_row = unlimited.search(purpose="by what is hidden", like_rows=[hidden[0]])
    ann.delete(Deletion(rows=(gone,), reason="a test"))
    desk.state.users.add("oz", "correct horse", "operator", cameras=[2])
    oz = login(desk, "oz")
    limited = Client(http=oz)
    told = limited.open(whole.id).results
    assert sum(each.hidden for each in told) == len(hidden) == 8
    assert all(each.distance is None and each.row is None for each in told if each.hidden)
    assert [each.id for each in told if each.row is None and not each.hidden] == [gone]
    assert limited.rerun(whole.id).deleted == (gone,)
    assert limited.open(by_row.id).queries[0].hash == ""
    table = limited.export(whole.id, "csv").decode()
    assert (table.count("not yours to see"), table.count("deleted")) == (8, 1)
    page = oz.get(f"/searches/{whole.id}").text
    assert (page.count("<span>not yours to see"), page.count("<span>deleted since")) == (8, 1)
    record = oz.get(f"/searches/{by_row.id}").text
    assert not [row for row in hidden if row in page + table + record]
    assert exports.document(desk, LIMITED, desk.record(LIMITED, by_row.id)).startswith(b"%PDF")


def test_what_others_do_is_not_theirs_to_see(desk: Desk, ann: Client, oz: TestClient) -> None:
    found = ann.search(jpeg(1, 1), purpose="what ann is after", cameras=[2])
    ann.say(found.id, found.results[0].id, True)
    facts = {"camera": 2, "seconds": None, "again": False, "source": "a tour"}
    foreign, own = (desk.state.jobs.add(who, facts) for who in ("ann", "oz"))
    hidden = [
        f"/api/searches/{found.id}", f"/searches/{found.id}", f"/api/searches/{found.id}/export.csv",
        f"/api/why/map?of=query:{found.id}.0", f"/api/jobs/{foreign}", f"/api/jobs/{foreign}/events",
        f"/jobs/{foreign}", "/api/audit", "/audit",
    ]  # fmt: skip
    assert [(path, oz.get(path).status_code) for path in hidden] == [(path, 404) for path in hidden]
    changing = [f"/api/searches/{found.id}/rerun", f"/api/jobs/{foreign}/cancel", f"/jobs/{foreign}/cancel"]
    assert [oz.post(path).status_code for path in changing] == [404] * 3
    assert ann.job(foreign).state == "receiving"
    limited = Client(http=oz)
    assert (limited.searches().searches, limited.feedback()) == ((), b"")
    assert ([each.id for each in limited.jobs()], limited.job(own).id) == ([own], own)
    pages = "".join(oz.get(path).text for path in ("/", "/searches", "/add"))
    assert f"job-{own}" in pages
    assert "4 pictures by 1 camera can be searched" in pages
    assert not [each for each in (foreign, found.id, "what ann is after", 'href="/audit"') if each in pages]
    assert {each.id for each in ann.jobs()} == {foreign, own}
    assert len(ann.feedback().splitlines()) == 1


def test_the_retention_is_not_theirs(desk: Desk, oz: TestClient) -> None:
    before = desk.gallery.retention
    with pytest.raises(ReseenError, match="the retention is of all cameras, and you may see some"):
        deleting.expire(desk, None, LIMITED, 8)  # type: ignore[arg-type]
    refused = [
        oz.post("/api/retention/apply", json={"days": before}),
        oz.get("/api/retention/count"),
        oz.put("/api/retention", json={"days": 1e-9}),
        oz.post("/retention", data={"apply": "yes"}),
        oz.post("/retention", data={"days": "1"}),
    ]
    assert [each.status_code for each in refused] == [422] * 5
    assert all("he retention is of all cameras" in each.text for each in refused)
    assert (desk.gallery.retention, len(desk.gallery)) == (before, 12)
    page = oz.get("/delete").text
    assert "ask somebody who may see all" in page
    assert not re.search('action="/retention"', page)


def test_what_is_everybodys_is_not_theirs_to_turn(desk: Desk, ann: Client, oz: TestClient) -> None:
    """The plan hangs all cameras, and facets of gender and age are turned on for everybody."""
    plan = {"picture": ("plan.jpg", jpeg(60, 3))}
    refused = [
        oz.put("/api/model/sensitive", json={"on": True}),
        oz.post("/model/sensitive", data={"on": "yes"}),
        oz.put("/api/plan", files=plan),
        oz.delete("/api/plan"),
    ]
    assert [each.status_code for each in refused] == [404] * 4
    assert oz.post("/cameras", files={"plan": plan["picture"]}, follow_redirects=False).status_code == 303
    assert desk.state.cameras.plan() is None
    assert not ann.model().sensitive
    assert "/model/sensitive" not in oz.get("/model").text
    assert 'name="plan"' not in oz.get("/cameras").text
    assert 'name="plan"' in login(desk, "ann").get("/cameras").text


def test_pictures_are_added_to_their_own_cameras_alone(desk: Desk, oz: TestClient) -> None:
    answers = [
        oz.post("/api/jobs", files=[("file", ("0001_c3s1_000001_01.jpg", jpeg(60, 3)))], data=said)
        for said in ({}, {"camera": "3"}, {"camera": "2"})
    ]
    assert [each.status_code for each in answers] == [422, 422, 202]
    assert "say which of your cameras has taken them: 2" in answers[0].json()["detail"]
