from __future__ import annotations

import io
import json
import re
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.desk import Desk
from reseen.app.finding.looking import appearances
from reseen.app.keeping.worker import Worker
from reseen.app.messages import Deletion, Job
from reseen.app.state.jobs import StoredJob
from reseen.app.state.users import User
from reseen.client import Client
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.ingest.people import People, Pixels
from reseen.search.gallery.finding.filters import Criteria
from tests.app.served import jpeg
from tests.ingest.clips import Changes, Walker, film, write


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two persons who cross a square, one after the other."""
    return write(film([Walker(41, 0, 160), Walker(42, 4, 160)], 8), tmp_path / "square.mp4")


def finished(client: Client, job: Job) -> Job:
    for _ in range(1200):
        now = client.job(job.id)
        if now.state in ("done", "failed", "cancelled"):
            return now
        time.sleep(0.05)
    raise AssertionError(f"job is still {now.state}")


def zipped(path: Path, pids: range) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for pid in pids:
            archive.writestr(f"deep/{pid:04}_c2s1_000001_01.jpg", jpeg(pid, 2))
        archive.writestr("broken.jpg", b"no picture")
        archive.writestr("../../escape.txt", b"x")
    return path


def test_a_zip_is_added_in_the_background_and_told_of(client: Client, web: TestClient, tmp_path: Path) -> None:
    before = client.facets().total
    job = client.add(zipped(tmp_path / "more.zip", range(20, 25)), seconds=7.0, source="zip")
    done = finished(client, job)
    assert (done.state, done.done, done.total, done.added) == ("done", 6, 6, 5)
    assert done.message == "5 added, 1 could not be read (more.zip/broken.jpg)"
    assert client.facets().total == before + 5
    row = client.rows().rows[0]
    assert (row.camera, row.seconds, row.source) == (2, 7.0, "zip")
    with web.stream("GET", f"/api/jobs/{job.id}/events") as events:
        told = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
    assert told[-1]["state"] == "done"
    again = finished(client, client.add(tmp_path / "more.zip", source="zip"))
    assert (again.added, again.message) == (0, "5 were there, 1 could not be read (more.zip/broken.jpg)")


def test_a_job_goes_on_after_a_restart_and_nothing_is_doubled(desk: Desk, tmp_path: Path) -> None:
    one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "left"})
    folder = desk.uploads / one
    folder.mkdir(parents=True)
    for pid in range(30, 33):
        (folder / f"{pid:05}-{pid}.jpg").write_bytes(jpeg(pid, 5))
    desk.state.jobs.ready(one)
    assert desk.state.jobs.next() is not None, "a process takes it, and is killed"
    worker = Worker(desk)
    worker.start()
    job = over(desk, one)
    worker.stop()
    assert (job.state, job.added) == ("done", 3)
    assert desk.gallery.count(Criteria(cameras=5)) == 3
    assert not folder.exists()


def test_people_in_a_video_are_found_and_added(
    client: Client, desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ReseenError, match="nothing here finds the people in square"):
        client.add(clip, camera=7)
    monkeypatch.setattr(desk.choices, "_detector", Changes())
    with pytest.raises(ReseenError, match="say which camera has taken square"):
        client.add(clip)
    done = finished(client, client.add(clip, camera=7, seconds=1e9, source="entrance"))
    rows = client.rows(cameras=[7], purpose="find a row").rows
    assert (done.state, done.done, done.added) == ("done", done.total, len(rows))
    assert done.message == f"{len(rows)} added, 2 people in square.mp4"
    assert {row.source for row in rows} == {"entrance"}
    assert len({row.track for row in rows}) == 2
    assert all(1e9 <= (row.seconds or 0) <= 1e9 + 8 for row in rows)
    assert desk.match(User("local", "operator"), rows[0].id).path.startswith("entrance/square.mp4#t=")
    assert finished(client, client.add(clip, camera=7, seconds=1e9)).message == "square.mp4 was added before"


def test_a_video_goes_on_after_a_restart_and_can_be_cancelled(
    desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(name: str) -> str:
        one = desk.state.jobs.add("ann", {"camera": 7, "seconds": None, "again": False, "source": name})
        (desk.uploads / one).mkdir(parents=True)
        shutil.copy(clip, desk.uploads / one / "00000-square.mp4")
        desk.state.jobs.ready(one)
        return one

    class Interrupting(Changes):
        """Does something at the twelfth frame."""

        def __init__(self, act: Callable[[], object]) -> None:
            super().__init__()
            self._act = act

        def detect(self, picture: Pixels) -> People:
            if self.looked == 11:
                self._act()
            return super().detect(picture)

    first = Worker(desk)
    stopped = Interrupting(first._stop.set)
    monkeypatch.setattr(desk.choices, "_detector", stopped)
    one = job("left")
    first.start()
    first._thread.join(60)
    left = desk.state.jobs.get(one)
    assert left is not None
    assert (left.state, stopped.looked) == ("waiting", 12)
    second, rest = Worker(desk), Changes()
    monkeypatch.setattr(desk.choices, "_detector", rest)
    second.start()
    done = over(desk, one)
    assert (done.state, done.added) == ("done", desk.gallery.count(Criteria(sources="left")))
    assert done.message.endswith(", 2 people in square.mp4")
    assert rest.looked == 40 - 12, "no frame is looked at twice"
    assert not (desk.uploads / one).exists()
    other = Interrupting(lambda: desk.state.jobs.cancel(two))
    other.name = "another"
    monkeypatch.setattr(desk.choices, "_detector", other)
    two = job("cancelled")
    assert (over(desk, two).state, other.looked) == ("cancelled", 12)
    second.stop()


def over(desk: Desk, one: str) -> StoredJob:
    for _ in range(1200):
        job = desk.state.jobs.get(one)
        assert job is not None
        if job.over:
            return job
        time.sleep(0.05)
    raise AssertionError(f"job is still {job.state}")


def test_what_is_no_picture_is_refused_before_anything_is_kept(web: TestClient, desk: Desk) -> None:
    answer = web.post("/api/jobs", files=[("file", ("run.exe", b"MZ"))])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "run.exe cannot be added here; send JPEG, PNG, WebP or BMP" in answer.json()["detail"]
    assert desk.state.jobs.recent() == []
    assert not desk.uploads.exists()


def test_a_query_that_is_no_picture_is_named(client: Client) -> None:
    for data in (b"no picture at all", jpeg(1, 1)[:400], b"GIF89a" + bytes(100)):
        with pytest.raises(ReseenError, match="is no picture that can be read"):
            client.search(data, purpose="broken")


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(client: Client) -> None:
    file = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(file, "PNG")
    with pytest.raises(ReseenError, match="pixels are more than"):
        client.search(file.getvalue(), purpose="a bomb")


def test_a_picture_of_one_line_of_pixels_is_refused(client: Client) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2000, 1)).save(file, "PNG")
    with pytest.raises(ReseenError, match="2000 x 1 pixels are no person's shape") as refused:
        client.search(file.getvalue(), purpose="a line")
    assert "\n" not in str(refused.value)


def test_deletion_takes_everything_and_gives_a_receipt(client: Client, desk: Desk) -> None:
    row = client.rows(cameras=[1], purpose="find a row").rows[0]
    by_row = client.search(purpose="by a row", like_rows=[row.id])
    picture = desk.gallery.picture(desk.match(User("local", "operator"), row.id)).read()
    uploaded = client.search(picture, purpose="the same picture uploaded")
    client.say(uploaded.id, row.id, True)
    wanted = Deletion(cameras=(1,), reason="asked for by the person")
    assert client.count(wanted) == 4
    receipt = client.delete(wanted)
    assert (receipt.rows, receipt.left, receipt.verdicts) == (4, 8, 1)
    assert receipt.queries == 2
    assert (receipt.looked_for, receipt.found) == (4, 0)
    assert receipt.bytes > 1000
    assert receipt.audit == desk.state.audit.head()[1]
    files = [file for folder in (desk.gallery.folder, desk.state.folder) for file in folder.rglob("*")]
    kept = [file.read_bytes() for file in files if file.is_file()]
    assert not any(picture in content for content in kept), "not one byte of it is left, in gallery or state"
    assert all(each.row is None or each.row.camera != 1 for each in client.open(by_row.id).results)
    with pytest.raises(ReseenError, match="404"):
        client.picture(row.id)
    with pytest.raises(ReseenError, match="pictures of this search were deleted"):
        client.rerun(uploaded.id)
    with pytest.raises(ReseenError, match="say what to delete"):
        client.delete(Deletion(reason="nothing said"))
    with pytest.raises(ReseenError, match="say why this is deleted"):
        client.delete(Deletion(cameras=(2,), reason=" \u200b "))


def test_a_deletion_that_has_left_something_warns_of_it(web: TestClient, client: Client, desk: Desk) -> None:
    row = client.rows(cameras=[1], purpose="find a row").rows[0]
    picture = desk.gallery.picture(desk.match(User("local", "operator"), row.id)).read()
    (desk.gallery.folder / "copy.bin").write_bytes(b"somebody else's " + picture)
    page = web.post("/delete", data={"row": row.id, "reason": "asked for", "sure": "yes"}).text
    assert '<p class="note bad" role="alert">' in page
    assert "still in 1 file of the gallery" in page
    assert "The deletion has failed" in page
    assert "deleted for good" not in page
    assert desk.state.audit.entries()[0].detail["found"] == 1
    (desk.gallery.folder / "copy.bin").unlink()
    page = web.post("/delete", data={"camera": "2", "reason": "asked for", "sure": "yes"}).text
    assert "4 pictures were deleted for good" in page
    assert "note bad" not in page


def test_retention_deletes_rows_and_kept_queries_that_are_older(client: Client) -> None:
    found = client.search(jpeg(1, 1, seed=3), purpose="old")
    assert client.retention().days == 8
    assert (client.count_expired(), client.expire(8).rows) == (0, 0)
    assert client.keep_for(1e-9).days == client.retention().days == 1e-9
    assert client.count_expired() == 12
    receipt = client.expire(1e-9)
    assert (receipt.rows, receipt.left, receipt.queries) == (12, 0, 1)
    assert (receipt.looked_for, receipt.found) == (12, 0)
    assert receipt.bytes > 0
    assert not client.open(found.id).queries[0].kept


def test_what_was_deleted_comes_back_if_that_is_said(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(60, 1))
    assert finished(client, client.add(tmp_path / "a.jpg", camera=8, source="first")).added == 1
    client.delete(Deletion(sources=("first",), reason="asked for"))
    refused = finished(client, client.add(tmp_path / "a.jpg", camera=8, source="first"))
    assert refused.state == "failed"
    assert refused.message == "all of this source was deleted here before; say so if it is really to come back"
    left_out = finished(client, client.add(tmp_path / "a.jpg", camera=8, source="second"))
    assert (left_out.state, left_out.added) == ("done", 0)
    assert "1 left out, as they were deleted" in left_out.message
    assert finished(client, client.add(tmp_path / "a.jpg", camera=8, source="third", again=True)).added == 1


def test_applying_the_retention_asks_first(web: TestClient, client: Client) -> None:
    form = {"apply": "yes"}
    assert "0 pictures older than 8 days would be deleted" in web.post("/retention", data=form).text
    client.keep_for(1e-9)
    asked = web.post("/retention", data=form).text
    assert "12 pictures older than 1e-09 days would be deleted" in asked
    assert 'action="/retention"' in asked
    sure = {**form, "sure": "yes", **dict(re.findall(r'name="(days)" value="([^"]+)"', asked))}
    for unsaid in ({}, {"days": "8"}):
        assert web.post("/retention", data={**form, "sure": "yes", **unsaid}).status_code == 422
    assert client.facets().total == 12
    assert "12 pictures were deleted for good" in web.post("/retention", data=sure).text


def test_the_retention_is_named_by_whoever_applies_it(web: TestClient, client: Client) -> None:
    client.keep_for(1e-9)
    assert web.post("/api/retention/apply").status_code == 422
    with pytest.raises(ReseenError, match=r"the retention is 1e-09 days, not 8\.0; count again"):
        client.expire(8)
    assert client.facets().total == 12


def test_tracks_of_two_videos_of_one_camera_stay_apart(desk: Desk) -> None:
    pictures = [jpeg(40 + number, 7) for number in range(4)]
    embedded = desk.embedder.embed([PersonImage(data, -1, 7) for data in pictures])
    names = [f"{video}.mp4#t={second}" for video in ("monday", "tuesday") for second in (1, 2)]
    desk.gallery.add(replace(embedded, paths=names), schema=desk.embedder.schema, tracks=3, pictures=pictures)
    user = User("local", "operator")
    rows = {each.path: each for each in desk.matches(user, desk.overview().ids.tolist()).values()}
    for video in ("monday", "tuesday"):
        one, other = rows[f"{video}.mp4#t=1"], rows[f"{video}.mp4#t=2"]
        assert {row.id for row in appearances(desk, user, one)} == {one.id, other.id}
