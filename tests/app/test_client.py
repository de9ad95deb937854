"""The typed client says everything that the API understands, and comes in as users do."""

from __future__ import annotations

import ast
import inspect
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.desk import Desk
from reseen.app.messages import Deletion
from reseen.app.server import create_app
from reseen.client import Client
from reseen.client import client as module
from reseen.errors import ReseenError
from tests.app.conftest import LOCAL
from tests.app.served import jpeg


def calls() -> Iterator[tuple[str, str, str]]:
    """Yields what the client's code calls: method, path with ``{}`` for what is put in, and the message it expects."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        arguments = node.args if isinstance(node, ast.Call) else []
        for place, method in enumerate(arguments[:-1]):
            if isinstance(method, ast.Constant) and method.value in ("GET", "POST", "PUT", "DELETE"):
                path, message = arguments[place + 1], arguments[place - 1] if place else None
                parts = path.values if isinstance(path, ast.JoinedStr) else [path]
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
                expected = ast.unparse(message) if message else ""
                yield method.value, f"/api{text.removeprefix('/api')}", expected


def named(schema: dict[str, Any]) -> str:
    """Returns the type that a described answer is read as; empty if it is no message, such as a picture."""
    if schema.get("type") == "array":
        return f"tuple[{named(schema['items'])}, ...]"
    return "int" if schema.get("type") == "integer" else str(schema.get("$ref", "")).rpartition("/")[2]


def test_the_client_calls_every_route_and_expects_what_it_answers(web: TestClient) -> None:
    described: dict[tuple[str, str], str] = {}
    for path, methods in web.get("/openapi.json").json()["paths"].items():
        plain = "".join("{}" if place % 2 else text for place, text in enumerate(path.replace("}", "{").split("{")))
        for method, operation in methods.items():
            success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
            schema = success.get("content", {}).get("application/json", {}).get("schema", {})
            described[method.upper(), plain] = named(schema)
    called = {(method, path): message for method, path, message in calls()}
    assert called.keys() == described.keys()
    assert {route: message for route, message in called.items() if message} == {
        route: message for route, message in described.items() if message
    }


def test_a_user_comes_in_acts_and_goes(desk: Desk) -> None:
    desk.state.users.add("ann", "correct horse", "operator")
    desk.state.users.add("bob", "correct horse", "viewer", cameras=[2])
    client = Client(http=TestClient(create_app(desk), base_url=LOCAL))
    with pytest.raises(ReseenError, match=r"refused \(401\): log in first"):
        client.rows()
    with pytest.raises(ReseenError, match=r"refused \(403\): name and password do not belong together"):
        client.login("ann", "wrong horse")
    came = client.login("ann", "correct horse")
    assert (came.name, came.role, came.cameras) == ("ann", "operator", None)
    assert client.keep_for(3).days == 3, "a call that changes something brings the session's token"
    assert client.login("bob", "correct horse").cameras == (2,)
    assert client.who().name == "bob"
    assert len(client.rows().rows) == 4
    client.logout()
    with pytest.raises(ReseenError, match="401"):
        client.who()
    told = [(entry.who, entry.action) for entry in reversed(desk.state.audit.entries())]
    assert told == [
        ("ann", "login refused"), ("ann", "login"), ("ann", "retention"), ("bob", "login"), ("ann", "logout"),
        ("bob", "logout"),
    ]  # fmt: skip


def test_visitors_side_by_side_each_get_their_own_answers(address: str, desk: Desk) -> None:
    def visit(pid: int) -> list[str]:
        with Client(address) as visitor:
            found = [visitor.search(jpeg(pid, camera), purpose=f"visitor {pid}") for camera in (1, 2)]
            assert [each.purpose for each in found] == [f"visitor {pid}"] * 2
            assert len(visitor.rows().rows) == visitor.facets().total == found[0].total == 12
            return [visitor.open(each.id).results[0].id for each in found]

    with ThreadPoolExecutor(8) as crowd:
        nearest = list(crowd.map(visit, [1, 2, 3, 4] * 2))
    assert nearest[:4] == nearest[4:], "whoever asks the same is told the same"
    assert len({row for rows in nearest for row in rows}) == 8, "each picture is in the gallery, and nearest to itself"
    assert len(desk.state.searches.recent(size=100)) == 16
    assert [each.action for each in desk.state.audit.entries()] == ["search"] * 16
    assert desk.state.audit.problems() == []


def test_nobody_has_to_come_in_where_nobody_is_asked(client: Client) -> None:
    assert (client.who().name, client.who().csrf) == ("local", "")


def test_what_was_covered_searched_by_and_drawn_is_a_picture(client: Client) -> None:
    found = client.search(jpeg(1, 1), purpose="pictures")
    query, row = found.queries[0].reference, f"row:{found.results[0].id}"
    file = io.BytesIO()
    Image.new("RGB", (64, 32)).save(file, "PNG")
    client.draw_plan(file.getvalue())
    told = [client.query_picture(found.id, 0), client.covered(query, row, "chance"), client.plan()]
    assert [Image.open(io.BytesIO(each)).format for each in told] == ["JPEG"] * 3
    client.take_plan_away()
    with pytest.raises(ReseenError, match="404"):
        client.plan()


def test_a_job_is_followed_to_its_end(client: Client, desk: Desk) -> None:
    one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "left"})
    desk.state.jobs.end(one, "failed", "the disk is full")
    assert [(each.state, each.message) for each in client.follow(one)] == [("failed", "the disk is full")]
    assert client.cancel(one).state == "failed"
    assert desk.state.audit.entries() == [], "what is over cannot be cancelled, so nothing is told of it"
    with pytest.raises(ReseenError, match=r"refused \(404\): there is no job"):
        next(client.follow("nobody's"))


class Foreign(httpx2.BaseTransport):
    """Answers every call with the same words, and keeps in which pieces it came."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.pieces = answer, list[bytes]()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.SyncByteStream)
        self.pieces, self.length = list(request.stream), int(request.headers.get("Content-Length", 0))
        return httpx2.Response(200, content=self.answer)


def client_of(server: Foreign) -> Client:
    return Client(http=httpx2.Client(base_url=LOCAL, transport=server))


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.who(),
        lambda client: client.people(b"picture"),
        lambda client: client.cameras(),
        lambda client: client.jobs(),
        lambda client: list(client.follow("j")),
        lambda client: client.count(Deletion(cameras=(1,), reason="asked for")),
        lambda client: client.count_expired(),
    ],
)
@pytest.mark.parametrize("answer", [b'data: "hello"', b'data: {"id": 1}'])
def test_another_servers_answer_is_told_in_one_line(call: Callable[[Client], object], answer: bytes) -> None:
    with pytest.raises(ReseenError, match=r"answered something else than \w+: is it reseen's\?"):
        call(client_of(Foreign(answer)))


def test_a_video_is_sent_in_pieces(tmp_path: Path) -> None:
    """It may be larger than the memory."""
    film, server = tmp_path / "film.mp4", Foreign(b"{}")
    film.write_bytes(bytes(range(256)) * 8192)  # 2 MiB
    with pytest.raises(ReseenError, match="something else than Job"):
        client_of(server).add(film, film, camera=1)
    sent = b"".join(server.pieces)
    assert sent.count(film.read_bytes()) == 2
    assert server.length == len(sent), "so that a server can refuse what is too long at once"
    assert max(map(len, server.pieces)) <= 1 << 17
    with pytest.raises(ReseenError, match=r"cannot read .*none\.mp4: No such file"):
        client_of(server).add(film, tmp_path / "none.mp4", camera=1)


def test_references_may_be_unlike_the_person(client: Client) -> None:
    one, other = client.rows().rows[:2]
    by_row = client.search(purpose="by rows", like_rows=[one.id], unlike_rows=[other.id])
    by_reference = client.search(purpose="by rows", like_rows=[one.id], unlike_refs=[f"row:{other.id}"])
    assert [each.distance for each in by_reference.results] == [each.distance for each in by_row.results]
    assert [each.distance for each in client.search(purpose="one", like_rows=[one.id]).results] != [
        each.distance for each in by_row.results
    ]
