"""A gallery on a server that speaks S3's protocol does what one on disk does, and forgets as thoroughly."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from urllib.error import URLError

import numpy as np
import pytest

from reseen import Gallery
from reseen.errors import ReseenError, ReseenWarning
from reseen.search.gallery.check import check
from reseen.search.gallery.finding.filters import Criteria
from tests.search.gallery.persons import by_hand, kill_while_deleting, persons, png

pytestmark = pytest.mark.long
PEOPLE = persons(120)
PICTURES = [png(row) for row in range(120)]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of an empty bucket on this machine."""
    pytest.importorskip("obstore", reason="needs the extra storage: pip install 'reseen[storage]'")
    server = shutil.which("moto_server")
    if server is None:
        pytest.skip("needs a server that speaks S3's protocol: pip install 'moto[server,s3]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL)
    here = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ACCESS_KEY_ID", "me"), ("SECRET_ACCESS_KEY", "secret"), ("REGION", "us-east-1")):
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_ENDPOINT_URL", here)
        patch.setenv("AWS_ALLOW_HTTP", "true")
        try:
            _make_bucket(f"{here}/test", process)
            yield "s3://test"
        finally:
            process.terminate()
            process.wait()


def _make_bucket(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server has ended"
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="PUT"))
        except URLError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server does not answer")


def everything(address: str) -> dict[str, bytes]:
    """Returns all objects below an address, read without our code."""
    import obstore
    from obstore.store import from_url

    store = from_url(address)
    return {
        each["path"]: bytes(obstore.get(store, each["path"]).bytes()) for batch in obstore.list(store) for each in batch
    }


def test_rows_are_kept_found_and_gone_for_good(bucket: str) -> None:
    address = f"{bucket}/hall"
    with Gallery.open(address) as gallery:
        assert gallery.add(PEOPLE[:80], pictures=PICTURES[:80], source="tour") == 80
        assert gallery.add(PEOPLE[40:], pictures=PICTURES[40:]) == 40
    with Gallery.open(f"{address}/") as gallery:
        assert len(gallery) == 120
        for row in (3, 77, 119):
            found = gallery.search(PEOPLE.features[row], top=5)
            expected = by_hand(PEOPLE, PEOPLE.features[row], np.ones(120, bool), 5)
            assert [match.path for match in found] == expected
            assert gallery.picture(found[0]).read() == PICTURES[row]

        needles = [b"crops/000003.jpg", PICTURES[3][100:164], PEOPLE.features[3].tobytes()]
        before = everything(address).values()
        assert all(any(needle in content for content in before) for needle in needles), "they can be found"
        receipt = gallery.remove(Criteria(paths=["crops/000003.jpg"]).filter(), scan=True)
        after = everything(address)
        assert not any(needle in content for content in after.values() for needle in needles)
        assert (receipt.rows, receipt.found, receipt.looked_for) == (1, 0, 1)
        assert set(after) - {".lock", "gallery.json", "deleted"} <= {name for name in after if ".lance/" in name}

        assert len(gallery) == 119
        assert gallery.picture(gallery.search(PEOPLE.features[4])[0]).read() == PICTURES[4]
        with pytest.warns(ReseenWarning, match="deleted from s3://test/hall before, and so left out: 1;"):
            assert gallery.add(PEOPLE[:10], pictures=PICTURES[:10]) == 0
        assert check(gallery) == []
        assert gallery.delete(sources="tour") == 79
        with pytest.raises(ReseenError, match="everything from tour was deleted"):
            gallery.add(persons(5, seed=9, prefix="new"), source="tour")
        with pytest.raises(ReseenError, match="lies in object storage, and this needs a folder"):
            gallery.folder  # noqa: B018


def test_a_deletion_that_was_killed_is_finished_by_the_next(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"{bucket}/killed"
    with Gallery.open(address) as gallery:
        gallery.add(PEOPLE[:20], pictures=PICTURES[:20])
        kill_while_deleting(gallery, "crops/000005.jpg", monkeypatch)
    assert any(PICTURES[5][100:164] in content for content in everything(address).values()), "marked alone"
    with Gallery.open(address) as gallery:
        assert len(gallery) == 19
    assert not any(PICTURES[5][100:164] in content for content in everything(address).values())


def test_two_writers_at_once_lose_and_double_nothing(bucket: str) -> None:
    address = f"{bucket}/two"

    def write(rows: range) -> None:
        with Gallery.open(address) as gallery:
            for start in rows:
                gallery.add(PEOPLE[start : start + 30])

    writers = [threading.Thread(target=write, args=(rows,)) for rows in (range(0, 90, 15), range(90, 0, -15))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with Gallery.open(address) as gallery:
        assert len(gallery) == 120
        assert check(gallery)[0].startswith("persons-m1: 120 pictures are no longer"), "and none is there twice"


def test_a_bucket_that_is_not_there_is_one_line(bucket: str) -> None:
    with pytest.raises(ReseenError, match=r"gallery s3://nowhere/hall: .*") as told:
        Gallery.open("s3://nowhere/hall")
    assert "\n" not in str(told.value)
