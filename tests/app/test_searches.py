from __future__ import annotations

import io
import json
import zipfile
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.desk import Desk
from reseen.app.messages import Deletion
from reseen.client import Client
from reseen.data import open_split, recognise
from reseen.data.person import PersonImage
from reseen.descriptors.calibration import Calibration, Curve
from reseen.errors import ReseenError
from tests.app.served import CAMERAS, PERSONS, jpeg

ALL = PERSONS * CAMERAS


def test_a_search_finds_what_the_gallery_finds_and_can_be_opened_again(client: Client, desk: Desk) -> None:
    found = client.search(jpeg(2, 1, seed=5), purpose="a test")
    query = desk.embedder.embed([PersonImage(jpeg(2, 1, seed=5), -1, 0)])
    expected = desk.gallery.search(query, top=100)
    assert [each.id for each in found.results] == [match.id for match in expected]
    assert [each.distance for each in found.results] == [match.distance for match in expected]
    assert (found.total, found.purpose, found.who) == (ALL, "a test", "local")
    again = client.open(found.id)
    assert again == found
    assert client.searches().searches[0].id == found.id


def test_pages_neither_skip_nor_repeat_while_rows_are_added(client: Client, desk: Desk) -> None:
    found = client.search(jpeg(1, 1), purpose="paging")
    path = f"/api/searches/{found.id}"
    first = client._http.get(path, params={"size": 5}).json()
    newcomer = desk.embedder.embed([PersonImage(jpeg(9, 1), 9, 1)])
    desk.gallery.add(newcomer, schema=desk.embedder.schema, pictures=[jpeg(9, 1)])
    rest = client._http.get(path, params={"size": 100, "cursor": first["cursor"]}).json()
    ranks = [each["rank"] for each in first["results"] + rest["results"]]
    assert ranks == list(range(1, ALL + 1))
    assert rest["cursor"] == ""
    with pytest.raises(ReseenError, match="no cursor of this search"):
        client.open(found.id, "999")


def test_filters_work_inside_the_search(client: Client) -> None:
    found = client.search(jpeg(1, 1), purpose="one camera", cameras=[2], since=100, until=800)
    rows = [each.row for each in found.results]
    assert rows
    assert all(row is not None and row.camera == 2 and 100 <= (row.seconds or -1) <= 800 for row in rows)
    assert len(rows) == 3, "camera 2 saw persons 1 to 3 from second 100 to 700"


def test_more_like_this_searches_by_the_row_itself(client: Client) -> None:
    row = client.rows().rows[0].id
    found = client.search(purpose="more like this", like_rows=[row])
    assert found.results[0].id == row
    assert found.results[0].distance == pytest.approx(0, abs=1e-5)
    away = client.search(purpose="not this", like_rows=[row], unlike_rows=[found.results[1].id])
    assert away.results[0].id == row
    assert [each.unlike for each in away.queries] == [False, True]


def test_reranking_orders_as_the_gallery_does_and_stays_with_the_record(client: Client, desk: Desk) -> None:
    found = client.search(jpeg(2, 1, seed=5), purpose="re-ranked", rerank=True, top=5)
    expected = desk.gallery.search(desk.embedder.embed([PersonImage(jpeg(2, 1, seed=5), -1, 0)]), top=5, rerank=True)
    assert [each.id for each in found.results] == [match.id for match in expected]
    assert found.reranked
    again = client.rerun(found.id)
    assert again.same
    assert again.search.reranked
    assert not client.search(purpose="nothing to re-rank by", where="hat=no", rerank=True).reranked


def test_the_list_of_searches_neither_skips_nor_repeats(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1e9)
    made = [client.search(purpose=f"number {number}", where="hat=no").id for number in range(5)]
    seen, cursor = [], ""
    while not seen or cursor:
        page = client._http.get("/api/searches", params={"cursor": cursor, "size": 2}).json()
        seen += [each["id"] for each in page["searches"]]
        cursor = page["cursor"]
        if len(seen) == 2:
            client.search(purpose="made meanwhile", where="hat=no")
    assert seen == made[::-1], "all of one moment"
    assert client._http.get("/api/searches", params={"cursor": "none"}).status_code == 404


def test_a_purpose_is_required_and_nothing_is_searched_for_nothing(client: Client) -> None:
    with pytest.raises(ReseenError, match="purpose"):
        client.search(jpeg(1, 1), purpose="")
    with pytest.raises(ReseenError, match="say what this search is for"):
        client.search(jpeg(1, 1), purpose="      ")
    with pytest.raises(ReseenError, match="say what this search is for"):
        client.search(jpeg(1, 1), purpose="\u200b\u202e\u200b")
    with pytest.raises(ReseenError, match="nothing to search for"):
        client.search(purpose="nothing")
    assert client.searches().searches == ()


def test_run_again_says_what_has_changed(client: Client) -> None:
    found = client.search(jpeg(3, 2, seed=5), purpose="again")
    assert client.rerun(found.id).same
    gone = found.results[0].id
    client.delete(Deletion(rows=(gone,), reason="a test"))
    again = client.rerun(found.id)
    assert (again.same, again.deleted, again.new) == (False, (gone,), ())
    assert [each.id for each in again.search.results] == [each.id for each in found.results[1:]]
    opened = client.open(found.id)
    assert opened.results[0].row is None, "a deleted row is an empty place"
    assert opened.results[0].id == gone


def test_verdicts_are_kept_taken_back_and_exported_as_pairs(client: Client) -> None:
    found = client.search(jpeg(1, 1), purpose="verdicts")
    one, other = found.results[0].id, found.results[1].id
    client.say(found.id, one, True)
    client.say(found.id, other, True)
    client.say(found.id, other, False)
    assert [each.verdict for each in client.open(found.id).results[:3]] == [True, False, None]
    pairs = [json.loads(line) for line in client.feedback().splitlines()]
    assert [(pair["row"], pair["same"], pair["query"]) for pair in pairs] == [
        (one, True, f"query:{found.id}.0"),
        (other, False, f"query:{found.id}.0"),
    ]
    client.say(found.id, one, None)
    assert client.open(found.id).results[0].verdict is None
    with pytest.raises(ReseenError, match="404"):
        client.say(found.id, "0" * 32, True)


def test_feedback_makes_a_data_set_of_persons(client: Client, tmp_path: Path) -> None:
    rows = {(row.person, row.camera): row.id for row in client.rows().rows}
    one = client.search(jpeg(1, 1, seed=5), purpose="person 1").id
    two = client.search(purpose="person 2", like_rows=[rows[2, 1]]).id
    three = client.search(purpose="person 3", like_rows=[rows[3, 1]]).id
    for search, row, right in (
        (one, rows[1, 1], True), (one, rows[1, 2], True), (one, rows[2, 3], False),
        (two, rows[2, 2], True),
        (three, rows[3, 2], True), (three, rows[3, 3], True),
        (client.search(purpose="again", like_rows=[rows[3, 2]]).id, rows[3, 3], False),
    ):  # fmt: skip
        client.say(search, row, right)
    (tmp_path / "feedback.zip").write_bytes(client.feedback_pictures())
    assert recognise(tmp_path / "feedback.zip") == "table"
    split = open_split("table", tmp_path / "feedback.zip")
    persons = [sorted(image.camid for image in images) for _, images in groupby(split.train, lambda image: image.pid)]
    assert [len(each) for each in persons] == [3, 2], "of the third, people do not agree"
    assert persons[1] == [1, 2], "with their cameras"
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        assert len(archive.read("pairs.jsonl").splitlines()) == 7
    client.delete(Deletion(rows=(rows[1, 1],), reason="a test"))
    with zipfile.ZipFile(io.BytesIO(client.feedback_pictures())) as archive:
        assert len([name for name in archive.namelist() if name.startswith("train/00001/")]) == 2


def test_exports_have_the_list(client: Client) -> None:
    found = client.search(jpeg(1, 1), purpose="=exports")
    lines = client.export(found.id, "csv").decode().splitlines()
    assert len(lines) == ALL + 1
    assert lines[1].split(",")[:2] == ["1", found.results[0].id]
    with Image.open(io.BytesIO(client.export(found.id, "png"))) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
    assert client.export(found.id, "pdf").startswith(b"%PDF")


def test_a_calibrated_model_says_how_probable_and_where_the_evidence_ends(
    web: TestClient, client: Client, desk: Desk
) -> None:
    plain = client.search(jpeg(2, 1, seed=5), purpose="no calibration")
    assert plain.evidence is None
    assert {each.probability for each in plain.results} == {None}
    distances = [each.distance or 0.0 for each in plain.results]
    middle = (distances[3] + distances[4]) / 2
    steep = Curve(distances=(middle - 1e-6, middle + 1e-6), ratios=(20, -20))
    desk.embedder.calibration = Calibration(
        model=desk.embedder.digest, method="platt", source="x", persons=9, pairs=99, expected=1, error=0.1, curve=steep
    )
    found = client.search(jpeg(2, 1, seed=5), purpose="calibrated")
    assert found.evidence == 4
    assert [(each.probability or 0) > 0.5 for each in found.results] == [True] * 4 + [False] * 8
    page = web.get(f"/searches/{found.id}").text
    assert page.index("Below this line") > page.index(found.results[3].id)
    assert page.index("Below this line") < page.index(found.results[4].id)
    assert "expected calibration error 10.0%" in client.model().calibration


def test_apparent_gender_and_age_are_off_until_an_operator_turns_them_on(web: TestClient, client: Client) -> None:
    names = {facet.name for facet in client.facets().facets}
    assert "upper_color" in names
    assert not names & {"gender", "age"}
    with pytest.raises(ReseenError, match="apparent gender is turned off"):
        client.search(purpose="off", where="gender=male")
    row = client.rows().rows[0]
    assert {each.name for each in row.attributes} == names
    assert not {"attribute/gender", "attribute/age"} & set(client.why(f"row:{row.id}", f"row:{row.id}").maps)
    pair = f"one=row:{row.id}&other=row:{row.id}&map=attribute"
    ways = ["/why", "/api/why", "/api/why/covered"]
    for way, status in [(way, status) for status in (404, 200, 404) for way in ways]:
        web.put("/api/model/sensitive", json={"on": status == 200}).raise_for_status()
        assert web.get(f"{way}?{pair}/gender").status_code == status, way
        assert web.get(f"{way}?{pair}/hat").status_code == 200, way
    web.put("/api/model/sensitive", json={"on": True}).raise_for_status()
    assert {"gender", "age"} <= {facet.name for facet in client.facets().facets}
    assert client.search(purpose="turned on", where="gender in (male, female)").total == ALL


def test_a_map_of_what_is_turned_off_is_not_tested_unasked(
    web: TestClient, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reseen.explain.pair._default", lambda maps: "attribute/gender")  # as where all are attributes'
    row = client.rows().rows[0].id
    assert client.why(f"row:{row}", f"row:{row}").covering is None
    assert web.get(f"/api/why/covered?one=row:{row}&other=row:{row}").status_code == 404


def test_the_distance_is_split_exactly_and_covering_is_told_beside_chance(client: Client) -> None:
    one, other = (f"row:{row.id}" for row in client.rows().rows[:2])
    why = client.why(one, other)
    assert sum(part.value for part in why.parts) == pytest.approx(why.distance**2, rel=1e-5)
    assert why.squared
    assert why.covering is not None
    assert len(why.covering.by_chance) == 4
    assert why.covering.map == "attention"
    for part in why.parts:
        assert client.part(one, other, part.name)[:2] == b"\xff\xd8", "a JPEG for each"
    with pytest.raises(ReseenError, match="there is no part 'nose'"):
        client.part(one, other, "nose")
    same = client.why(one, one)
    assert same.distance == pytest.approx(0, abs=1e-5)
    assert all(pair.agrees for pair in same.attributes)
    with pytest.raises(ReseenError, match="there is no map 'nope'"):
        client.why(one, other, "nope")


def test_every_picture_that_is_shown_is_a_plain_jpeg(web: TestClient, client: Client) -> None:
    row = client.rows().rows[0].id
    for path in (f"/api/rows/{row}/picture", f"/api/why/map?of=row:{row}&map=id"):
        answer = web.get(path)
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.mode == "RGB"
            assert not picture.getexif()
            assert np.asarray(picture).std() > 1


def test_facet_counts_are_those_by_hand_and_leave_the_own_attribute_open(client: Client, desk: Desk) -> None:
    rows = client.rows().rows
    read = [{each.name: each.value for each in row.attributes} for row in rows]
    chosen = read[0]["upper_color"]
    counted = client.facets(f"upper_color={chosen}").facets
    facets = {facet.name: {each.value: each.count for each in facet.classes} for facet in counted}
    assert sum(facets["upper_color"].values()) == ALL
    for value, count in facets["hat"].items():
        assert count == sum(each["upper_color"] == chosen and each["hat"] == value for each in read)
    assert [(each.camera, each.count) for each in client.cameras()] == [(1, 4), (2, 4), (3, 4)]
