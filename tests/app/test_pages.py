"""Pages as a browser without scripts sees them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from reseen.app.desk import Desk
from reseen.app.pages.people import timeline
from reseen.app.server import create_app
from reseen.app.settings import Settings
from reseen.app.web.render import when
from reseen.client import Client
from reseen.search.gallery import Gallery
from tests.app.conftest import LOCAL
from tests.app.served import jpeg


class Page(HTMLParser):
    """Notes what a strict policy or a reader who cannot see would trip over."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "style" or "style" in given or (tag == "script" and not given.get("src")):
            self.faults.append(f"{tag} has something inline")
        self.faults += [f"{tag} has {name}" for name in given if name.startswith("on")]
        if tag == "img" and not (given.get("alt") and given.get("width") and given.get("height")):
            self.faults.append(f"img {given.get('src')} lacks alt, width or height")
        self.addresses += [value or "" for name, value in given.items() if name in ("href", "src", "action", "hx-get")]
        self.ids += [value or "" for name, value in given.items() if name == "id"]


@pytest.fixture
def addresses(client: Client) -> list[str]:
    found = client.search(jpeg(1, 1), purpose="look at pages")
    row, other = found.results[0].id, found.results[1].id
    client.say(found.id, row, True)
    paths = [
        "/",
        "/searches",
        "/browse",
        "/browse?camera=2",
        "/compare",
        "/cameras",
        "/add",
        "/delete",
        "/model",
        "/audit",
        f"/searches/{found.id}",
    ]
    paths += [f"/compare?one=row:{row}", f"/why?one=query:{found.id}.0&other=row:{row}", f"/people/{row}"]
    return [*paths, f"/?like_ref=row:{row}&unlike_ref=row:{other}&camera=2&a.hat=yes", f"/delete?row={row}"]


def test_pages_keep_to_the_policy_and_never_say_identified(web: TestClient, addresses: list[str]) -> None:
    for address in addresses:
        answer = web.get(address)
        assert answer.status_code == 200, address
        page = Page(answer.text)
        assert page.faults == [], address
        assert len(page.ids) == len(set(page.ids)), address
        assert all(each.startswith(("/", "#")) for each in page.addresses), "nothing is fetched from elsewhere"
        assert "identified" not in answer.text.lower()
        assert len(answer.content) < 150_000


def test_every_address_on_a_page_leads_somewhere(web: TestClient, addresses: list[str]) -> None:
    seen = set()
    for address in addresses:
        seen |= {each for each in Page(web.get(address).text).addresses if not each.startswith("#")}
    forms = {"/logout", "/searches", "/cameras", "/delete", "/retention", "/add", "/model/sensitive"}
    links = {each for each in seen if each not in forms and not each.endswith(("/verdict", "/rerun", "/cancel"))}
    assert len(links) > 20
    kinds = {re.sub(r"[0-9a-f]{32}|searches/[\w-]{12}|query(:|%3A)[\w-]{12}|map=.*", "X", each): each for each in links}
    assert [each for each in kinds.values() if web.get(each).status_code != 200] == []


def test_a_search_by_form_leads_to_its_record(web: TestClient, client: Client) -> None:
    form = {"purpose": "by form", "camera": ["1", "2"], "a.hat": ["no", "yes"], "since": "", "until": ""}
    answer = web.post("/searches", data=form, files=[("picture", ("q.jpg", jpeg(1, 1))), ("unlike", ("", b""))])
    assert answer.status_code == 200
    assert answer.url.path.startswith("/searches/")
    assert "possible match" in answer.text
    record = client.open(answer.url.path.rpartition("/")[2])
    assert (record.cameras, record.where) == ((1, 2), "hat in (no, yes)")
    assert web.post(f"{answer.url.path}/rerun").text.count("the same list") == 1
    empty = web.post("/searches", data={"purpose": "nothing"})
    assert empty.status_code == 422
    assert "Nothing to search for" in empty.text


def test_saying_the_same_twice_takes_it_back(web: TestClient, client: Client) -> None:
    found = client.search(jpeg(1, 1), purpose="verdict by form")
    row, path = found.results[0].id, f"/searches/{found.id}/verdict"
    for expected in (True, None):
        web.post(path, data={"row": row, "verdict": "right"})
        assert client.open(found.id).results[0].verdict is expected
    piece = web.post(path, data={"row": row, "verdict": "wrong"}, headers={"hx-request": "true"}).text
    assert piece.count('aria-pressed="true"') == 1
    assert "<html" not in piece


def test_deleting_asks_first(web: TestClient, client: Client) -> None:
    form = {"camera": "3", "reason": "request of a person", "persons": "", "source": "", "since": "", "until": ""}
    asked = web.post("/delete", data=form)
    assert "4 pictures would be deleted" in asked.text
    assert "By cameras: 3. Reason: request of a person<" in asked.text
    assert client.facets().total == 12
    receipt = web.post("/delete", data={**form, "sure": "yes"})
    assert "4 pictures were deleted for good; 8 are left" in receipt.text
    assert client.facets().total == 8


def test_an_empty_gallery_says_so_on_every_page(settings: Settings, tmp_path: Path) -> None:
    empty = settings.model_copy(update={"gallery": tmp_path / "empty"})
    Gallery.open(empty.gallery).close()
    said = {
        "/": "nothing in the gallery yet", "/browse": "There is nothing here", "/compare": "The gallery is empty",
        "/cameras": "no cameras yet", "/searches": "Nobody has searched yet", "/add": "Nothing was added here yet",
        "/audit": "Nothing has been done here yet", "/delete": "Count what would be deleted", "/model": "0 pictures",
    }  # fmt: skip
    with Desk(empty) as desk:
        browser = TestClient(create_app(desk), base_url=LOCAL, headers={"accept": "text/html"})
        pages = {path: browser.get(path).text for path in said}
    assert [path for path, text in said.items() if text not in pages[path]] == []
    assert [path for path, page in pages.items() if "<tbody>" in page or "<legend>" in page] == []


def test_a_list_of_searches_tells_what_was_asked_for(web: TestClient, client: Client) -> None:
    for cameras, where in (([], ""), ([2], ""), ([], "hat=yes"), ([2], "hat=yes")):
        client.search(jpeg(1, 1), purpose="list", cameras=cameras, where=where)
    filters = re.findall(r'<td(?: data-name="filters"| class="none")>([^<]*)</td>', web.get("/searches").text)
    assert filters == ["hat=yes · camera 2", "hat=yes", "camera 2", "–"]


def test_only_a_job_that_runs_has_an_end_in_sight(web: TestClient, desk: Desk) -> None:
    one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "left"})
    assert "Cancel" not in web.get(f"/jobs/{one}").text, "its files are still coming"
    desk.state._database.write("UPDATE jobs SET state = 'running'")
    desk.state.jobs.move(one, done=10, total=30, added=10, rate=5.0, settings={"camera": 5, "source": "left"})
    running = web.get(f"/jobs/{one}").text
    assert "10</span> of" in running
    assert ", 4 s left" in running
    assert "Cancel" in running
    cancelling = web.post(f"/jobs/{one}/cancel", headers={"hx-request": "true"}).text
    assert "cancelling" in cancelling
    assert " s left" not in cancelling


def test_a_models_card_can_bring_neither_html_nor_pictures(web: TestClient) -> None:
    text = web.get("/model").text
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "<b>bold</b>" not in text
    assert "curve.png" not in text


def test_what_somebody_wrote_stays_text(web: TestClient, client: Client) -> None:
    found = client.search(jpeg(1, 1), purpose="<script>alert(1)</script>")
    for address in (f"/searches/{found.id}", "/searches", "/audit"):
        assert "<script>alert" not in web.get(address).text


def test_a_timeline_lies_on_cameras_and_time(client: Client) -> None:
    rows = list(client.appearances(client.rows(cameras=[1], purpose="find a row").rows[0].id).rows)
    assert [row.camera for row in rows] == [1, 2, 3], "the same person in order of time"
    dots, ends = timeline(rows, [1, 2, 3])
    assert ends == (rows[0].seconds, rows[2].seconds)
    assert [dot.x for dot in dots] == pytest.approx([3, 50, 97]), "percent of its width"
    assert [dot.y for dot in dots] == sorted(dot.y for dot in dots)


def test_what_went_wrong_is_a_sentence_for_people(web: TestClient) -> None:
    missing = web.get("/people/nobody").text
    assert "<h1>Not found</h1>" in missing
    assert "There is no row nobody, or it was deleted.<" in missing
    assert "Go back" not in missing
    empty = web.post("/searches", data={"purpose": "nothing"}).text
    assert "<h1>This cannot be done</h1>" in empty
    assert "Go back in the browser to change what you have said." in empty
    assert "<h1>Too much at once</h1>" in web.post("/delete", data={"reason": "x" * (2 << 20)}).text
    assert "Say what this search is for" in web.post("/searches", headers={"hx-request": "true"}).text
    assert web.get("/api/rows/nobody").json()["detail"] == "there is no row nobody, or it was deleted"


def test_a_search_without_a_picture_is_not_by_distance(web: TestClient, client: Client) -> None:
    by_picture = client.search(jpeg(1, 1), purpose="by picture")
    described = client.search(purpose="by what is seen", where="hat in (no, yes)")
    assert "Nearest first" in web.get(f"/searches/{by_picture.id}").text
    assert "Best fit first" in (text := web.get(f"/searches/{described.id}").text)
    assert "Nearest first" not in text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "time unknown"), (3661.0, "1:01:01 in"), (1e9, "2001-09-09 01:46:40"),
        (1.7e12, "second 1700000000000"), (1e300, "second 1e+300"),
    ],
)  # fmt: skip
def test_every_time_can_be_told(seconds: float | None, said: str) -> None:
    assert when(seconds) == said
