"""The page Model: what is known of the model, and what is not told."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.desk import Desk
from reseen.app.server import create_app
from reseen.app.settings import Settings
from reseen.app.state.users import User
from reseen.client import Client
from reseen.errors import ReseenError
from tests.app.conftest import LOCAL

REPORT: dict[str, Any] = {
    "dataset": "square",
    "ranking": {"mAP": 0.5, "rank1": 0.625, "rank5": 0.75, "queries": 8, "gallery": 40, "cmc": [0.625, 0.7, 0.75]},
    "attributes": {
        "accuracy": {"colors_multi_class": {"gender": 0.6, "hat": 0.9, "upper_color": 0.7}},
        "balanced_accuracy": {"colors_multi_class": {"gender": 0.55, "hat": 0.5, "upper_color": 0.6}},
        "guess": {"gender": 0.55, "hat": 0.9, "upper_color": 0.3},
        "known_labels": {"gender": 40, "hat": 40, "upper_color": 32},
    },
}


@pytest.fixture
def checkpoint(settings: Settings, tmp_path: Path) -> Path:
    """A checkpoint within its run."""
    return Path(shutil.copytree(settings.checkpoint, tmp_path / "run" / "last"))


@pytest.fixture
def tested(settings: Settings, checkpoint: Path) -> Iterator[TestClient]:
    with (
        Desk(settings.model_copy(update={"checkpoint": checkpoint})) as desk,
        TestClient(create_app(desk), base_url=LOCAL, headers={"accept": "text/html"}) as browser,
    ):
        yield browser


def draw(path: Path) -> None:
    Image.new("RGB", (8, 6), "white").save(path)


def test_without_an_evaluation_it_is_said_how_to_make_one(tested: TestClient) -> None:
    told = Client(http=tested).model()
    assert told.test is None
    assert told.pictures == ()
    assert "nothing that is known here" in tested.get("/model").text
    with pytest.raises(ReseenError, match="404"):
        Client(http=tested).model_picture("cmc")


def test_figures_are_the_reports_and_what_is_turned_off_is_left_out(tested: TestClient, checkpoint: Path) -> None:
    (checkpoint.parent / "report.json").write_text(json.dumps(REPORT))
    draw(checkpoint / "reliability.png")
    draw(checkpoint.parent / "worst.png")
    client = Client(http=tested)
    told = client.model()
    assert told.test is not None
    assert (told.test.dataset, told.test.rank1, told.test.mean_ap) == ("square", 0.625, 0.5)
    assert [(each.name, each.accuracy, each.balanced, each.guess) for each in told.test.attributes] == [
        ("hat", 0.9, 0.5, 0.9),
        ("upper_color", 0.7, 0.6, 0.3),
    ]
    assert told.pictures == ("cmc", "reliability", "hardest")
    for name in told.pictures:
        with Image.open(io.BytesIO(client.model_picture(name))) as picture:
            assert picture.format == "PNG"
    text = tested.get("/model").text
    assert "62.5" in text
    assert "apparent gender" not in text.partition("How often it reads")[2]
    turned = client.turn_sensitive(True)
    assert turned.test is not None
    assert "gender" in {each.name for each in turned.test.attributes}


def test_what_lies_in_the_checkpoints_own_folder_comes_first(tested: TestClient, checkpoint: Path) -> None:
    (checkpoint.parent / "report.json").write_text(json.dumps(REPORT))
    (checkpoint / "report.json").write_text(json.dumps({"dataset": "own", "attributes": REPORT["attributes"]}))
    told = Client(http=tested).model()
    assert told.test is not None
    assert (told.test.dataset, told.test.rank1) == ("own", None)
    assert told.pictures == ()
    (checkpoint / "report.json").write_text("no JSON")
    assert Client(http=tested).model().test is None, "a damaged report is none"


def test_persons_of_a_data_set_are_not_shown_to_whoever_sees_some_cameras(settings: Settings, checkpoint: Path) -> None:
    from fastapi import HTTPException

    from reseen.app.finding.model import describe, picture

    draw(checkpoint.parent / "worst.png")
    with Desk(settings.model_copy(update={"checkpoint": checkpoint})) as desk:
        bob = User("bob", "viewer", frozenset({2}))
        assert describe(desk, bob).pictures == ()
        with pytest.raises(HTTPException, match="404"):
            picture(desk, bob, "hardest")
        assert describe(desk, User("eve", "viewer")).pictures == ("hardest",)
