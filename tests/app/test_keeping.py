from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.desk import Desk
from reseen.app.keeping.adding import Worker
from reseen.app.messages import Deletion, Job
from reseen.app.state.users import User
from reseen.client import Client
from reseen.errors import ReseenError
from reseen.search.gallery.finding.filters import Criteria
from tests.app.served import jpeg


def finished(client: Client, job: Job) -> Job:
    for _ in range(200):
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
    assert done.message == "5 added, 1 could not be read"
    assert client.facets().total == before + 5
    row = client.rows().rows[0]
    assert (row.camera, row.seconds, row.source) == (2, 7.0, "zip")
    with web.stream("GET", f"/api/jobs/{job.id}/events") as events:
        told = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
    assert told[-1]["state"] == "done"
    again = finished(client, client.add(tmp_path / "more.zip", source="zip"))
    assert (again.added, again.message) == (0, "5 were there, 1 could not be read")


def test_a_job_goes_on_after_a_restart_and_nothing_is_doubled(desk: Desk, tmp_path: Path) -> None:
    one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "source": "left"})
    folder = desk.uploads / one
    folder.mkdir(parents=True)
    for pid in range(30, 33):
        (folder / f"{pid:05}-{pid}.jpg").write_bytes(jpeg(pid, 5))
    desk.state.jobs.ready(one)
    assert desk.state.jobs.next() is not None, "a process takes it, and is killed"
    worker = Worker(desk)
    worker.start()
    for _ in range(200):
        job = desk.state.jobs.get(one)
        assert job is not None
        if job.over:
            break
        time.sleep(0.05)
    worker.stop()
    assert (job.state, job.added) == ("done", 3)
    assert desk.gallery.count(Criteria(cameras=5)) == 3
    assert not folder.exists()


def test_what_is_no_picture_is_refused_before_anything_is_kept(web: TestClient, desk: Desk) -> None:
    answer = web.post("/api/jobs", files=[("file", ("run.exe", b"MZ"))])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "neither a picture nor a zip" in answer.json()["detail"]
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


def test_deletion_takes_everything_and_gives_a_receipt(client: Client, desk: Desk) -> None:
    row = client.rows(cameras=[1]).rows[0]
    by_row = client.search(purpose="by a row", like_rows=[row.id])
    picture = desk.gallery.picture(desk.match(User("local", "operator"), row.id)).read()
    uploaded = client.search(picture, purpose="the same picture uploaded")
    client.say(uploaded.id, row.id, True)
    receipt = client.delete(Deletion(cameras=(1,), reason="asked for by the person"))
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


def test_retention_deletes_rows_and_kept_queries_that_are_older(client: Client, web: TestClient, desk: Desk) -> None:
    found = client.search(jpeg(1, 1, seed=3), purpose="old")
    assert client.retention().days == 8
    assert client.expire().rows == 0
    web.put("/api/retention", json={"days": 1e-9}).raise_for_status()
    receipt = client.expire()
    assert (receipt.rows, receipt.left, receipt.queries) == (12, 0, 1)
    assert not client.open(found.id).queries[0].kept
