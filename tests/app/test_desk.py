"""What the application keeps beside a gallery is one, and one process has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.app.desk import Desk
from reseen.app.settings import Settings, state_folder
from reseen.errors import ReseenError
from tests.cli.calls import run


def test_a_second_server_touches_nothing(desk: Desk) -> None:
    one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "left"})
    session = desk.state.users.login("token", 1.0)
    words = ["serve", desk.settings.gallery, "--model", desk.settings.checkpoint, "--port", 0]
    refused = run(*words)
    assert f"{desk.settings.gallery} is served by another process already; end that one first" in str(refused.exception)
    job = desk.state.jobs.get(one)
    assert job is not None
    assert job.state == "receiving"
    assert desk.state.users.session(session), "nobody was logged out"


def test_a_gallery_that_is_not_served_any_more_can_be(settings: Settings) -> None:
    with pytest.raises(ReseenError, match="is not a checkpoint"):
        Desk(settings.model_copy(update={"checkpoint": settings.gallery}))
    for _ in range(2):
        with Desk(settings):
            pass


def test_it_is_beside_the_gallery_however_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hall = tmp_path / "hall"
    (hall / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(hall)
    expected = (tmp_path / "hall.app").resolve()
    assert [state_folder(each) for each in (hall, tmp_path / "link", hall / "inner" / "..")] == [expected] * 3
    monkeypatch.chdir(hall)
    assert state_folder(Path(".")) == expected
    monkeypatch.chdir(hall / "inner")
    assert state_folder(Path("..")) == expected
