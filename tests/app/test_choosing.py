"""A picture of several people: who is meant is asked."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.choosing import Choices
from reseen.app.desk import Desk
from reseen.app.settings import Settings
from reseen.app.state.users import User
from reseen.client import Client
from reseen.errors import ReseenError
from reseen.ingest.people import People, Pixels
from tests.app.served import jpeg
from tests.drawn import draw_person

ANN, BOB = User("ann", "viewer"), User("bob", "viewer")


class Halves:
    """Takes the left and the right half of a picture for a person each."""

    name = "halves"

    def detect(self, picture: Pixels) -> People:
        height, width = picture.shape[:2]
        half = width // 2
        return People.of([[half + 4, 5, width - 4, height - 5], [4, 5, half - 4, height - 5]], [0.9, 0.8])


def group_picture() -> bytes:
    """Returns two drawn persons side by side."""
    picture = Image.new("RGB", (128, 128))
    for place, pid in enumerate((1, 2)):
        picture.paste(draw_person(7, pid, 1), (64 * place, 0))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def group() -> bytes:
    return group_picture()


@pytest.fixture
def choosing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(desk.choices, "_detector", Halves())
    return desk


def test_the_one_who_is_chosen_is_searched_by(choosing: Desk, web: TestClient, client: Client, group: bytes) -> None:
    form = {"purpose": "who is it", "camera": "1"}
    asked = web.post("/searches", data=form, files=[("picture", ("group.png", group))])
    assert "2 people are in this picture" in asked.text
    assert client.searches().searches == (), "nothing is searched before somebody has chosen"
    references = re.findall(r'name="like_ref.0" value="(crop:[^"]+)"', asked.text)
    assert len(references) == 2
    for reference, left in zip(references, (True, False), strict=True):
        crop = np.asarray(choosing.picture(User("local", "operator"), reference).open())
        whole = np.asarray(Image.open(io.BytesIO(group)))
        np.testing.assert_array_equal(crop[10, 10], whole[10 + 0, 10 + (0 if left else 63)])
    found = web.post("/searches", data={**form, "like_ref.0": references[1]})
    record = client.open(found.url.path.rpartition("/")[2])
    assert record.cameras == (1,)
    assert record.queries[0].kept


def test_several_pictures_are_asked_about_one_by_one_and_the_others_wait(
    choosing: Desk, web: TestClient, client: Client, group: bytes
) -> None:
    files = [("picture", ("group.png", group)), ("picture", ("one.jpg", jpeg(1, 1))), ("unlike", ("group.png", group))]
    asked = web.post("/searches", data={"purpose": "several"}, files=files).text
    answers = {
        name: re.findall(rf'name="{re.escape(name)}" value="(crop:[^"]+)"', asked)
        for name in ("like_ref", "like_ref.0", "unlike_ref.1")
    }
    assert [len(each) for each in answers.values()] == [1, 2, 2]
    form = {"purpose": "several"} | {name: references[0] for name, references in answers.items()}
    found = web.post("/searches", data=form)
    record = client.open(found.url.path.rpartition("/")[2])
    assert sorted(each.unlike for each in record.queries) == [False, False, True]
    kept = web.get(next(each.picture for each in record.queries if each.hash == hashed(jpeg(1, 1))))
    assert kept.status_code == 200, "the picture of one person has waited as it was"


def hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def test_crops_wait_for_whoever_sent_them_alone(choosing: Desk, group: bytes) -> None:
    first, second = choosing.choices.among(ANN, group)
    assert first.box[0] < second.box[0], "from left to right"
    token = first.reference.partition(":")[2].partition(".")[0]
    assert choosing.choices.crop(ANN, token, 0)
    assert choosing.choices.crop(BOB, token, 0) is None
    assert choosing.choices.crop(ANN, token, 2) is None
    for _ in range(64):
        choosing.choices.among(BOB, group)
    assert choosing.choices.crop(ANN, token, 0) is None, "they do not wait for ever"


def test_the_api_names_them(choosing: Desk, web: TestClient, client: Client, group: bytes) -> None:
    people = client.people(group)
    assert [each.confidence for each in people] == pytest.approx([0.8, 0.9])
    assert web.get(people[0].picture).headers["content-type"] == "image/jpeg"
    assert client.search(purpose="by a crop", like_refs=[people[0].reference]).total == 12


def test_one_persons_picture_is_taken_as_it_is(choosing: Desk, group: bytes) -> None:
    file = io.BytesIO()
    draw_person(7, 1, 1).save(file, "PNG")
    assert choosing.choices.among(ANN, file.getvalue()) == []
    assert Choices("").among(ANN, group) == []


def test_a_detector_that_is_none_is_told_at_once(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="is no detector"):
        Desk(settings.model_copy(update={"detector": "eyes"}))
