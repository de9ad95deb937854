"""Files are written to disk while they come, however many they are; of what is refused nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from reseen.app.desk import Desk
from reseen.app.server import create_app
from reseen.app.settings import Limits, Settings
from tests.app.conftest import LOCAL
from tests.app.served import jpeg

BOUNDARY = "multipart/form-data; boundary=here"


@pytest.fixture
def idle(desk: Desk) -> TestClient:
    """The application without the thread that adds."""
    return TestClient(create_app(desk), base_url=LOCAL)


def part(name: str, content: bytes, file: str = "") -> bytes:
    filename = f'; filename="{file}"' if file else ""
    head = f'--here\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def test_more_files_than_a_framework_takes_are_kept_as_they_came(idle: TestClient, desk: Desk) -> None:
    files = [("file", (f"folder/{number}.jpg", b"%d\r\n--here" % number)) for number in range(1200)]
    answer = idle.post("/api/jobs", files=files, data={"camera": "4", "seconds": "", "source": " all  of them "})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["state"], job["camera"], job["source"]) == ("waiting", 4, "all of them")
    kept = sorted((desk.uploads / job["id"]).iterdir())
    assert [each.name for each in kept[998:1002]] == [f"{number:05}-{number}.jpg" for number in range(998, 1002)]
    assert [each.read_bytes() for each in kept] == [content for _, (_, content) in files]
    assert not any(desk.incoming.iterdir())


def test_one_file_more_is_told_with_the_remedy(settings: Settings) -> None:
    with Desk(settings.model_copy(update={"limits": Limits(job_files=2)})) as desk:
        idle = TestClient(create_app(desk), base_url=LOCAL)
        answer = idle.post("/api/jobs", files=[("file", (f"{number}.jpg", b"x")) for number in range(3)])
        assert answer.status_code == 422
        assert answer.json()["detail"] == "those are more than 2 files; put them into a zip, which counts as one"
        assert not any(desk.incoming.iterdir())


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"file=a.jpg", "application/x-www-form-urlencoded", "send them as multipart/form-data"),
        (b"no form", BOUNDARY, "this is no form that can be read"),
        (part("file", b"MZ", "run.exe"), BOUNDARY, "run.exe cannot be added here; send JPEG, PNG, WebP or BMP"),
        (part("file", b"II*", "scan.TIF"), BOUNDARY, "scan.TIF cannot be added here"),
        (part("file", b"GIF89a", "a.gif"), BOUNDARY, "a.gif cannot be added here"),
        (part("source", bytes(20_000)), BOUNDARY, "source is too long"),
        (part("file", b"", "") + b"--here--\r\n", BOUNDARY, "choose pictures, videos, or zips of pictures"),
        (part("file", b"x", "a.jpg") + part("camera", b"x") + b"--here--\r\n", BOUNDARY, "camera: Input should be"),
        (part("file", b"x", "a.jpg")[:-2], BOUNDARY, "the form ends in the middle"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(
    idle: TestClient, desk: Desk, body: bytes, kind: str, said: str
) -> None:
    answer = idle.post("/api/jobs", content=body, headers={"content-type": kind})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert desk.state.jobs.recent() == []
    assert not desk.incoming.exists() or not any(desk.incoming.iterdir())


def test_of_a_form_that_is_cut_off_nothing_is_kept(settings: Settings) -> None:
    with Desk(settings.model_copy(update={"limits": Limits(job_bytes=1 << 16)})) as desk:
        idle = TestClient(create_app(desk), base_url=LOCAL)

        def endless() -> Iterator[bytes]:
            yield part("file", jpeg(1, 1), "a.jpg") + part("file", b"", "b.jpg")[:-2]
            for _ in range(24):
                yield bytes(1 << 16)

        answer = idle.post("/api/jobs", content=endless(), headers={"content-type": BOUNDARY})
        assert answer.status_code == 413
        assert desk.state.jobs.recent() == []
        assert not any(desk.incoming.iterdir())
