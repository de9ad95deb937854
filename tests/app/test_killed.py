"""kill -9 while rows are added, deleted or moved to another model: nothing is lost, nothing doubled, all is told."""

from __future__ import annotations

import random
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from reseen.app.desk import Desk
from reseen.app.messages import Deletion, Job
from reseen.app.settings import Settings, state_folder
from reseen.app.state import State
from reseen.client import Client
from reseen.errors import ReseenError
from tests.app.served import jpeg, write_checkpoint
from tests.app.serving import Served, kill, start_reindex

pytestmark = pytest.mark.long
BEFORE, ADDED, KILLS = 12, 200, 6


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    served = Served(settings)
    try:
        yield served
    finally:
        served.kill()


@contextmanager
def state_of(settings: Settings) -> Iterator[State]:
    state = State(state_folder(settings.gallery))
    try:
        assert state.audit.problems() == []
        yield state
    finally:
        state.close()


def ids_of(client: Client) -> list[str]:
    ids, page = [], client.rows()
    ids += [row.id for row in page.rows]
    while page.cursor:
        page = client.rows(cursor=page.cursor)
        ids += [row.id for row in page.rows]
    return ids


def over(client: Client, job: Job) -> Job:
    while (now := client.job(job.id)).state in ("receiving", "waiting", "running"):
        time.sleep(0.05)
    return now


def test_a_job_whose_server_is_killed_is_finished_by_the_next(settings: Settings, tmp_path: Path) -> None:
    rng = random.Random(0)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for pid in range(1000, 1000 + ADDED):
            archive.writestr(f"{pid:04}_c5s1_000001_01.jpg", jpeg(pid, 5))
    with serving(settings) as served:
        job = served.client.add(tmp_path / "many.zip", source="many")
    done = [0]
    for _ in range(KILLS):
        with serving(settings) as served:
            time.sleep(rng.uniform(0, 1.5))
            now = served.client.job(job.id)
            assert now.state in ("waiting", "running", "done")
            done.append(now.done)
    assert done == sorted(done), "a restart goes on where the last process stopped"
    with serving(settings) as served:
        end = over(served.client, job)
        ids = ids_of(served.client)
    assert (end.state, end.done, end.total) == ("done", ADDED, ADDED)
    assert len(ids) == len(set(ids)) == BEFORE + ADDED
    assert not any((state_folder(settings.gallery) / "uploads").iterdir())
    with state_of(settings) as state:
        assert [entry.action for entry in state.audit.entries()] == ["added", "add"]


def test_files_that_had_not_all_come_are_told_and_not_kept(settings: Settings) -> None:
    with Desk(settings) as desk:  # as a process that is killed while it receives leaves it
        one = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "half"})
        (desk.uploads / one).mkdir(parents=True)
        (desk.uploads / one / "00000-a.jpg").write_bytes(jpeg(1, 5))
    with serving(settings) as served:
        job = served.client.job(one)
    assert (job.state, job.message) == ("failed", "not all files had come")
    assert not any((state_folder(settings.gallery) / "uploads").iterdir())


def test_a_deletion_is_done_wholly_or_not_at_all(settings: Settings) -> None:
    rng = random.Random(1)
    gone: set[int] = set()
    finished = 0
    with serving(settings) as served:
        there = [(row.camera, row.id) for row in served.client.rows().rows]
        ids = {camera: [one for each, one in there if each == camera] for camera in (1, 2, 3)}
        searches = [served.client.search(jpeg(1, camera), purpose="the same picture") for camera in ids]
        assert all(search.queries[0].kept for search in searches)
    for _ in range(3 * KILLS):
        camera = next((each for each in ids if each not in gone), None)
        if camera is None:
            break
        with serving(settings) as served:
            asking = threading.Thread(target=ask, args=(served.client, camera))
            asking.start()
            time.sleep(rng.uniform(0, 0.3))
            served.kill()
            asking.join()
        left = bool(list((state_folder(settings.gallery) / "deletions").glob("*.json")))
        finished += left
        with serving(settings) as served:
            there = set(ids_of(served.client))
            of_camera = there & set(ids[camera])
            assert len(of_camera) in (0, 4), "all of them or none"
            assert not (left and of_camera), "what had begun is finished"
            if not of_camera:
                gone.add(camera)
            others = {one for each in ids if each not in gone for one in ids[each]}
            assert there == others, "and nothing else"
    assert gone == {1, 2, 3}
    assert finished, "no kill came in the middle of one: choose other times"
    with serving(settings) as served:
        assert not any(served.client.open(search.id).queries[0].kept for search in searches)
    with state_of(settings) as state:
        told = [entry for entry in state.audit.entries() if entry.action == "delete"]
        assert {camera for entry in told for camera in entry.detail["criteria"]["cameras"]} == gone
        assert any(entry.detail.get("finished") == "after a restart" for entry in told)
        assert not any((state_folder(settings.gallery) / "deletions").iterdir())


def ask(client: Client, camera: int) -> None:
    with suppress(ReseenError):
        client.delete(Deletion(cameras=(camera,), reason="a person asked for it"))


def test_a_killed_reindex_goes_on_and_the_server_says_what_has_happened(settings: Settings, tmp_path: Path) -> None:
    rng = random.Random(2)
    other = write_checkpoint(tmp_path / "other", seed=1)
    with serving(settings) as served:
        before = set(ids_of(served.client))
        first = served.client.search(jpeg(1, 1), purpose="before")
        for _ in range(KILLS):
            process = start_reindex(settings, other)
            time.sleep(rng.uniform(0, 1.0))
            kill(process)
            assert set(ids_of(served.client)) == before, "the old rows are searched until all new ones are there"
        process = start_reindex(settings, other)
        process.join()
        assert set(ids_of(served.client)) == before
        with pytest.raises(ReseenError, match="was moved to another model"):
            served.client.search(jpeg(1, 1), purpose="by the old one")
    with serving(settings.model_copy(update={"checkpoint": other})) as served:
        assert sorted(ids_of(served.client)) == sorted(before)
        again = served.client.rerun(first.id).search
        fresh = served.client.search(jpeg(1, 1), purpose="by the new one")
        assert [each.distance for each in again.results] == pytest.approx([each.distance for each in fresh.results])
        assert again.model == fresh.model != first.model
    with state_of(settings) as state:
        assert len(state.searches.recent()) == 3
