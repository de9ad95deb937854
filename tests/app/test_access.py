"""Who may come in, what they may see, and what browsers are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import reseen
from reseen.app.desk import Desk
from reseen.app.messages import Deletion
from reseen.app.server import create_app
from reseen.app.settings import Settings
from reseen.app.words import is_sensitive
from reseen.client import Client
from reseen.errors import ReseenError
from tests.app.conftest import LOCAL
from tests.app.served import jpeg

TOKEN = "0123456789abcdef0123456789abcdef"


def login(app_of: Desk, name: str, password: str = "correct horse") -> TestClient:
    browser = TestClient(create_app(app_of), base_url=LOCAL, headers={"accept": "text/html"})
    answer = browser.post("/login", data={"name": name, "password": password})
    assert answer.status_code == 200
    browser.headers["x-csrf-token"] = re.search('name="csrf" value="([^"]+)"', answer.text)[1]  # type: ignore[index]
    return browser


@pytest.fixture
def users(desk: Desk) -> Desk:
    desk.state.users.add("ann", "correct horse", "operator")
    desk.state.users.add("bob", "correct horse", "viewer", cameras=[2])
    desk.state.users.add("eve", "correct horse", "viewer")
    return desk


def test_other_machines_need_users_or_a_token(settings: Settings, tmp_path: Path) -> None:
    host = "0.0.0.0"
    with pytest.raises(ReseenError, match="lets other machines in: give --token-file"):
        Desk(settings.model_copy(update={"host": host}))
    short = tmp_path / "token"
    short.write_text("secret")
    with pytest.raises(ReseenError, match="needs 32 characters"):
        Desk(settings.model_copy(update={"host": host, "token_file": short}))
    short.write_text(TOKEN)
    with Desk(settings.model_copy(update={"host": host, "token_file": short})) as desk:
        assert not desk.door.is_open


def test_the_door_is_not_opened_by_the_way(users: Desk) -> None:
    for name in ("bob", "eve"):
        users.state.users.remove(name)
    with pytest.raises(ReseenError, match="ann is the last user"):
        users.state.users.remove("ann")
    assert not users.door.is_open
    users.state.users.remove("ann", last=True)
    assert users.door.is_open


def test_a_token_opens_api_and_pages(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with Desk(settings.model_copy(update={"token_file": tmp_path / "token"})) as desk:
        browser = TestClient(create_app(desk), base_url=LOCAL)
        assert browser.get("/api/rows").status_code == 401
        assert browser.get("/", headers={"accept": "text/html"}).url.path == "/login"
        with pytest.raises(ReseenError, match="401"):
            Client(http=browser, token="wrong").rows()
        assert len(Client(http=browser, token=TOKEN).rows().rows) == 12
        assert browser.post("/login", data={"name": "", "password": "wrong" * 8}).status_code == 403
        assert browser.post("/login", data={"name": "", "password": TOKEN}).url.path == "/"
        assert browser.get("/audit").status_code == 200, "the cookie does from here on"


def test_ids_that_somebody_may_not_see_are_404_everywhere(users: Desk) -> None:
    ann, bob, eve = (login(users, name) for name in ("ann", "bob", "eve"))
    row = Client(http=ann).rows(cameras=[1], purpose="find a row").rows[0].id
    mine = Client(http=ann).rows(cameras=[2], purpose="find a row").rows[0].id
    search = Client(http=ann).search(jpeg(1, 1), purpose="ann's").id
    hidden = [
        f"/api/rows/{row}",
        f"/api/rows/{row}/picture",
        f"/api/rows/{row}/appearances",
        f"/people/{row}",
        f"/api/why?one=row:{row}&other=row:{mine}",
        f"/api/why?one=row:{mine}&other=row:{row}",
        f"/why?one=row:{mine}&other=row:{row}",
        f"/api/why/map?of=row:{row}&map=id",
        f"/api/why/covered?one=row:{row}&other=row:{mine}",
        f"/compare?one=row:{row}",
        f"/api/searches/{search}",
        f"/searches/{search}",
        f"/api/searches/{search}/export.csv",
        f"/api/searches/{search}/export.pdf",
        f"/api/searches/{search}/queries/0/picture",
        f"/api/why/map?of=query:{search}.0",
    ]
    assert [(path, ann.get(path).status_code) for path in hidden] == [(path, 200) for path in hidden]
    assert [(path, bob.get(path).status_code) for path in hidden] == [(path, 404) for path in hidden]
    assert [eve.get(path).status_code for path in hidden] == [200] * 10 + [404] * 6
    assert bob.get("/api/rows/" + "0" * 32).json()["detail"].startswith("there is no row"), "as for what never was"
    assert {each.camera for each in Client(http=bob).rows().rows} == {2}
    found = Client(http=bob).search(jpeg(1, 1), purpose="bob's", cameras=[])
    assert {each.row.camera for each in found.results if each.row} == {2}
    assert found.total == 4
    with pytest.raises(ReseenError, match="404"):
        Client(http=bob).search(purpose="a row of another camera", like_rows=[row])


def test_no_route_tells_of_what_somebody_may_not_see(users: Desk) -> None:
    """Goes through the API's own description, so that a new route is looked at too."""
    ann, bob = login(users, "ann"), login(users, "bob")
    row = Client(http=ann).rows(cameras=[1], purpose="find a row").rows[0].id
    ids = {"row_id": row, "search_id": Client(http=ann).search(jpeg(1, 1), purpose="ann's").id, "job_id": "job"}
    ids |= {"place": "0", "kind": "png"}
    references = dict.fromkeys(("one", "other", "of"), f"row:{row}")
    looked = []
    for path, methods in bob.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            named = {each["name"] for each in operation.get("parameters", ())}
            if not named & {"row_id", "search_id", "job_id", *references}:
                continue
            asked = [each["name"] for each in operation["parameters"] if each["in"] == "query"]
            needed = {each["name"] for each in operation["parameters"] if each.get("required")}
            query = {name: references.get(name, "x") for name in asked if name in needed or name in references}
            place = path.format(**ids)
            answer = bob.request(method, place, params=query, json={"row": row, "correct": True})
            looked.append(path)
            assert answer.status_code == 404, (method, path, answer.text)
    assert {"/api/rows/{row_id}/picture", "/api/why/covered", "/api/searches/{search_id}/export.{kind}"} <= set(looked)
    assert len(looked) >= 14


def test_viewers_do_not_find_what_operators_do(users: Desk) -> None:
    eve = login(users, "eve")
    for path in ("/api/audit", "/audit", "/api/jobs", "/add", "/delete", "/api/feedback"):
        assert eve.get(path).status_code == 404, path
    for path in ("/api/deletions", "/api/retention/apply", "/delete", "/model/sensitive", "/retention"):
        assert eve.post(path).status_code == 404, path
    assert eve.put("/api/model/sensitive").status_code == 404
    assert len(users.gallery) == 12


def test_a_form_needs_the_sessions_token(users: Desk) -> None:
    ann = login(users, "ann")
    token = ann.headers.pop("x-csrf-token")
    refused = ann.post("/retention", data={"days": "3"})
    assert refused.status_code == 403
    assert "load the page again" in refused.text
    assert "Go back" not in refused.text, "the form there is as old"
    called = ann.post("/api/retention/apply", headers={"accept": "application/json"})
    assert (called.status_code, called.json()["status"]) == (403, 403)
    assert called.json()["detail"].endswith("sends the session's csrf as X-CSRF-Token, or a bearer token")
    assert ann.post("/retention", data={"days": "3", "csrf": token}).status_code == 200
    assert users.gallery.retention == 3
    assert ann.post("/logout", data={"csrf": token}).url.path == "/login"
    assert ann.get("/api/rows").status_code == 401


def test_passwords_can_be_guessed_five_times(users: Desk) -> None:
    browser = TestClient(create_app(users), base_url=LOCAL)
    tried = [browser.post("/login", data={"name": "ann", "password": "wrong horse"}).status_code for _ in range(6)]
    assert tried == [403] * 5 + [429]
    again = browser.post("/login", data={"name": "ann", "password": "wrong horse"}).text
    assert "Too many wrong passwords or tokens; try again in 15 minutes." in again
    assert 'autocomplete="username" value="ann"' in again, "the form is there again, with the name"
    assert "wrong horse" not in again
    right = browser.post("/login", data={"name": "ann", "password": "correct horse"})
    assert right.status_code == 429, "the right one does not help either"
    assert int(right.headers["retry-after"]) > 600
    (kept,) = users.state._database.read("SELECT password FROM users WHERE name = 'ann'")
    assert kept["password"].startswith("$argon2id$")
    assert b"correct horse" not in b"".join(f.read_bytes() for f in users.state.folder.iterdir() if f.is_file())


def test_other_web_pages_change_nothing(web: TestClient, desk: Desk) -> None:
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"host": "evil.example"},
    ):
        assert web.put("/api/retention", json={"days": 1}, headers=headers).status_code == 403, headers
    assert desk.gallery.retention == 8


@pytest.fixture
def behind_a_proxy(settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "token").write_text(TOKEN)
    said = {"token_file": tmp_path / "token", "public_host": "people.example.org"}
    with Desk(settings.model_copy(update=said)) as desk:
        yield TestClient(create_app(desk), base_url=LOCAL, headers={"authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize("passed_on", ["people.example.org", "127.0.0.1:8000"])
def test_browsers_call_a_proxy_by_its_own_name(behind_a_proxy: TestClient, passed_on: str) -> None:
    host = {"host": passed_on}
    assert behind_a_proxy.get("/api/rows", headers=host).status_code == 200
    for origin, status in (("https://people.example.org", 200), ("https://evil.example", 403)):
        headers = {**host, "origin": origin, "sec-fetch-site": "same-origin"}
        answer = behind_a_proxy.put("/api/retention", json={"days": 3}, headers=headers)
        assert answer.status_code == status, origin
    assert behind_a_proxy.get("/api/rows", headers={"host": "evil.example"}).status_code == 403


def test_behind_a_proxy_everybody_is_asked_who_they_are(settings: Settings) -> None:
    with pytest.raises(ReseenError, match=r"people\.example\.org lets other machines in: give --token-file"):
        Desk(settings.model_copy(update={"public_host": "people.example.org"}))


def test_bodies_are_cut_off(web: TestClient) -> None:
    assert web.post("/api/deletions", content=bytes(2 << 20)).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield bytes(1 << 20)

    assert web.post("/api/deletions", content=endless()).status_code in (400, 413, 422)


def test_every_answer_has_the_policy(web: TestClient) -> None:
    for path in ("/", "/api/rows", "/static/app.css", "/nowhere", "/api/rows/x/picture", "/openapi.json"):
        headers = web.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_nothing_here_says_that_somebody_was_identified() -> None:
    package = Path(reseen.__file__).parent
    files = [file for room in ("app", "client") for file in (package / room).rglob("*.*")]
    texts = [file for file in files if file.suffix in (".py", ".html", ".js")]
    assert len(texts) > 50
    for file in texts:
        assert not re.search(r"\bidentified\b", file.read_text(encoding="utf-8"), re.IGNORECASE), file


@pytest.mark.parametrize(
    ("name", "sensitive"),
    [
        ("gender", True), ("age", True), ("personalMale", True), ("personalLess30", True), ("Female", True),
        ("Age17-30", True), ("sex", True), ("ethnicity", True), ("upper_color", False), ("backpack", False),
        ("personalOther", False), ("hat", False), ("lowerBodyJeans", False), ("carryingOther", False),
    ],
)  # fmt: skip
def test_what_is_nobodys_business_is_known_by_its_name(name: str, sensitive: bool) -> None:
    assert is_sensitive(name) is sensitive


def test_errors_are_problems(web: TestClient) -> None:
    for path, status in (("/api/rows/x", 404), ("/api/rows?size=0", 422), ("/api/nowhere", 404)):
        answer = web.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json().keys() == {"title", "status", "detail"}


def test_the_description_says_by_example_what_an_address_wants(web: TestClient) -> None:
    document = web.get("/openapi.json").json()
    bare = [
        (path, each["name"])
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for each in operation.get("parameters", ())
        if each["in"] == "path" and not {"examples", "enum"} & each["schema"].keys()
    ]
    assert bare == []
    example = document["components"]["schemas"]["Deletion"]["properties"]["reason"]["examples"][0]
    assert Deletion(reason=example, cameras=(1,)).reason == example


def test_the_description_tells_of_every_error_as_a_problem(web: TestClient) -> None:
    document = web.get("/openapi.json").json()
    said = [
        (path, method, status, answer["content"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for status, answer in operation["responses"].items()
        if status.startswith("4")
    ]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert [each for each in said if each[3] != problem] == []
    assert {each[2] for each in said} == {"400", "401", "403", "404", "413", "422", "429"}
    assert set(document["components"]["schemas"]["Problem"]["required"]) == {"title", "status", "detail"}
    assert "HTTPValidationError" not in document["components"]["schemas"]
