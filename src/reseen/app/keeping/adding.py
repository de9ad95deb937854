"""Pictures and videos that are sent to be added: kept on disk, with a job that the worker will do."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from starlette.datastructures import UploadFile

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.state.jobs import Job
from reseen.app.state.users import User
from reseen.app.web.uploads import file_name
from reseen.app.words import plain_line
from reseen.data.images.reference import image_of
from reseen.data.images.source import is_image, open_folder
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.ingest.video import is_video

_MEMBER = b"PK\x01\x02"
"""Begins each entry of a zip's directory."""
_BESIDE = 4
"""So many files for each picture may a zip list."""


def accept(
    desk: Desk, user: User, files: Sequence[UploadFile], *, camera: int | None, seconds: float | None, source: str
) -> Job:
    """Keeps pictures, videos and zips on disk, and notes a job that will add them.

    Args:
        desk: The gallery.
        user: Who adds them.
        files: What was sent.
        camera: Which has taken them; None: as their names say (``0002_c1…``).
        seconds: When they were taken, or a video begins; None if nobody knows.
        source: Where they come from, to delete them by; by default when and by whom they were added.

    Raises:
        ReseenError: If there is nothing to add, a file is something else, or a video cannot be looked through.
    """
    sent = [file for file in files if file.filename]
    if not sent:
        raise ReseenError("choose pictures, videos, or zips of pictures")
    names = [file_name(file.filename or "") for file in sent]
    for name in names:
        _check(desk, name, camera)
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    said = plain_line(source)[:200] or f"added by {user.name} at {now} UTC"
    one = desk.state.jobs.add(user.name, {"camera": camera, "seconds": seconds, "source": said})
    folder = desk.uploads / one
    try:
        folder.mkdir(parents=True, mode=0o700)
        for number, (name, file) in enumerate(zip(names, sent, strict=True)):
            with (folder / f"{number:05}-{name}").open("xb") as kept:
                shutil.copyfileobj(file.file, kept, 1 << 20)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        desk.state.jobs.end(one, "failed", f"the files could not be kept: {error.strerror}")
        raise ReseenError(f"the files could not be kept: {error.strerror}") from error
    desk.state.jobs.ready(one)
    desk.state.audit.add(user.name, "add", job=one, files=len(sent), camera=camera, source=said)
    job = desk.state.jobs.get(one)
    assert job is not None
    return job


def _check(desk: Desk, name: str, camera: int | None) -> None:
    if is_image(name) or name.lower().endswith(".zip"):
        return
    if not is_video(Path(name)):
        raise ReseenError(f"{name} is neither a picture, a video nor a zip; add JPEG, PNG, WebP, BMP or MP4 files")
    if desk.choices.detector is None:
        raise ReseenError(f"nothing here finds the people in {name}: start reseen serve with --detector hog")
    if camera is None:
        raise ReseenError(f"say which camera has taken {name}: its number")


def message(job: Job) -> messages.Job:
    """Returns a job as it is told."""
    return messages.Job(
        id=job.id,
        at=job.at,
        who=job.who,
        state=job.state,
        source=job.settings["source"],
        camera=job.settings["camera"],
        done=job.done,
        total=job.total,
        added=job.added,
        seconds_left=job.seconds_left,
        message=job.message,
    )


def pictures_in(folder: Path, limit: int) -> list[PersonImage]:
    """Returns the pictures in a job's folder and in its zips, in the same order each time.

    Raises:
        ReseenError: If there are too many, or a zip cannot be read.
    """
    images = [image_of(entry.path) for entry in open_folder(folder).images()]
    for archive in sorted(folder.glob("*.[zZ][iI][pP]")):
        _check_length(archive, _BESIDE * limit)
        for entry in open_folder(archive).all_images():
            image = image_of(f"{archive}:{entry.path.as_posix()}")
            images.append(image)
            if len(images) > limit:
                break
    if len(images) > limit:
        raise ReseenError(f"that is more than {limit:,} pictures; add fewer at once")
    return images


def _check_length(archive: Path, limit: int) -> None:
    """Counts a zip's members before it is opened, which takes memory for each of them.

    Raises:
        ReseenError: If there are too many.
    """
    members, before = 0, b""
    with archive.open("rb") as file:
        while chunk := file.read(1 << 20):
            members += (before + chunk).count(_MEMBER)
            before = chunk[1 - len(_MEMBER) :]
    if members > limit:
        raise ReseenError(f"{sent_as(archive)} lists more than {limit:,} files; add fewer at once")


def videos_in(folder: Path) -> list[Path]:
    """Returns the videos in a job's folder, in the same order each time."""
    return sorted(filter(is_video, folder.iterdir()))


def sent_as(file: Path) -> str:
    """Returns a file's name as it was sent, without the number it was kept by."""
    return file.name[6:]
