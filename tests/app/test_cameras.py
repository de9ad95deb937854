"""What cameras are called, and where they hang."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.desk import Desk
from reseen.client import Client
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from tests.app.served import jpeg


@pytest.fixture
def plan() -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (3200, 1600)).save(file, "PNG")
    return file.getvalue()


def test_a_name_stands_wherever_the_camera_does(client: Client, web: TestClient) -> None:
    placed = client.place(2, "  main   entrance ", 0.25, 0.5)
    assert (placed.name, placed.x, placed.y, placed.count) == ("main entrance", 0.25, 0.5, 4)
    assert [each.name for each in client.cameras()] == ["", "main entrance", ""]
    row = client.rows(cameras=[2], purpose="find a row").rows[0]
    assert row.camera_name == "main entrance"
    found = client.search(jpeg(1, 1), purpose="where was it", cameras=[2])
    for address in (f"/searches/{found.id}", "/browse?camera=2&purpose=where+was+it", f"/people/{row.id}"):
        assert "camera 2, main entrance" in web.get(address).text


def test_a_camera_is_called_as_those_do_who_added_its_pictures(client: Client, web: TestClient, desk: Desk) -> None:
    made = replace(desk.embed([PersonImage(jpeg(9, seed)) for seed in (1, 2)]), camera_names=["yard", ""])
    desk.gallery.add(made, schema=desk.embedder.schema)
    names = {each.camera: each.name for each in client.cameras()}
    assert (names[-1], names[1_000_001], names[2]) == ("unknown", "yard", "")
    assert "camera 1000001, yard" in web.get("/browse?camera=1000001&purpose=where+was+it").text
    assert "camera unknown<br>" in web.get("/browse?camera=-1&purpose=where+was+it").text
    assert client.place(1_000_001, "back yard").name == "back yard"


def test_whoever_searches_sees_the_plan_once_a_camera_hangs_on_it(
    client: Client, web: TestClient, desk: Desk, plan: bytes
) -> None:
    assert 'class="plan' not in web.get("/").text
    client.place(3, "yard", 0.5, 0.25)
    text = web.get("/?camera=3").text
    assert re.findall(r'<g data-camera="(\d)"( class="on")? transform="translate\((\S+) (\S+)\)">', text) == [
        ("3", ' class="on"', "50.00", "12.50")
    ]
    assert "/api/plan" not in text
    assert web.get("/api/plan").status_code == 404
    client.draw_plan(plan)
    with Image.open(io.BytesIO(web.get("/api/plan").content)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (1600, 800))
        assert kept.getpixel((0, 0)) == (255, 255, 255), "what is drawn on nothing stands on white"
    assert client.facets().plan == 0.5
    assert '<image href="/api/plan" width="100" height="50.00"/>' in web.get("/").text
    web.delete("/api/plan").raise_for_status()
    assert client.facets().plan is None
    actions = [entry.action for entry in desk.state.audit.entries()]
    assert actions[:3] == ["plan", "plan", "camera"]


def test_a_plan_hangs_as_it_was_photographed(client: Client, desk: Desk) -> None:
    photo, exif, file = Image.new("RGB", (400, 200), "red"), Image.Exif(), io.BytesIO()
    photo.paste("blue", (0, 0, 200, 200))
    exif[0x0112] = 6  # the phone stood upright: what lies left in the file was at the top
    photo.save(file, "JPEG", exif=exif)
    client.draw_plan(file.getvalue())
    with Image.open(io.BytesIO(client.plan())) as shown:
        assert shown.size == (200, 400)
        top, bottom = (shown.getpixel((100, y)) for y in (50, 350))
    assert top[2] > 200 > 50 > top[0]
    assert bottom[0] > 200 > 50 > bottom[2]
    assert client.facets().plan == 2


def test_the_page_keeps_what_has_changed_alone(client: Client, web: TestClient, desk: Desk, plan: bytes) -> None:
    form = {"name.1": "gate", "x.1": "10", "y.1": "20.5", "name.2": "", "x.2": "", "y.2": ""}
    kept = web.post("/cameras", data=form, files=[("plan", ("plan.png", plan))])
    assert kept.status_code == 200
    assert [(each.name, each.x, each.y) for each in client.cameras()] == [
        ("gate", 0.1, 0.205),
        ("", None, None),
        ("", None, None),
    ]
    assert [entry.action for entry in desk.state.audit.entries()] == ["plan", "camera"]
    web.post("/cameras", data={**form, "no_plan": "yes"}, files=[("plan", ("", b""))])
    assert client.facets().plan is None
    assert [entry.action for entry in desk.state.audit.entries()] == ["plan", "plan", "camera"]


@pytest.mark.parametrize("form", [{"x.1": "ten", "y.1": "20"}, {"x.1": "10"}, {"name.1": "x" * 61}, {"x.1": "nan"}])
def test_a_place_that_is_none_is_named_and_nothing_is_kept(client: Client, web: TestClient, form: dict) -> None:
    answer = web.post("/cameras", data={"name.3": "yard", **form})
    assert answer.status_code == 422
    assert "Camera 1: a name has up to 60 characters" in answer.text
    assert {each.name for each in client.cameras()} == {""}


def test_cameras_that_are_not_there_cannot_be_named(client: Client, web: TestClient) -> None:
    with pytest.raises(ReseenError, match="404"):
        client.place(9, "nowhere")
    assert web.put("/api/cameras/1", json={"name": "a", "x": 0.5}).status_code == 422
    with pytest.raises(ReseenError, match="is no picture that can be read; send"):
        client.draw_plan(b"no picture")
    assert web.put("/api/plan", files=[("picture", ("", b""))]).status_code == 422
