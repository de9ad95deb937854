"""Pictures and videos that are sent to be added: kept on disk, with a job that the worker will do."""

from __future__ import annotations

import time
from pathlib import Path

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.keeping.receiving import Sent
from reseen.app.state.jobs import StoredJob
from reseen.app.state.users import User
from reseen.app.web.problems import missing
from reseen.app.words import plain_line
from reseen.data.images.reference import image_of
from reseen.data.images.source import open_folder
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.ingest.video import is_video

_MEMBER = b"PK\x01\x02"
"""Begins each entry of a zip's directory."""
_BESIDE = 4
"""So many files for each picture may a zip list."""


def accept(desk: Desk, user: User, sent: Sent, wanted: messages.Addition) -> StoredJob:
    """Notes a job that will add the pictures, videos and zips that were sent.

    Args:
        desk: The gallery.
        user: Who adds them.
        sent: What came; its files are the job's from here on.
        wanted: What is said of it. Without a camera it is as the files' names say (``0002_c1…``); without a source it
            is said when and by whom they were added.

    Raises:
        ReseenError: If there is nothing to add, a video's camera is not said, it is not one of the user's, or the disk
            fails.
    """
    if not sent.names:
        raise ReseenError("choose pictures, videos, or zips of pictures")
    video = next((name for name in sent.names if is_video(Path(name))), None)
    camera = wanted.camera
    if video and camera is None:
        raise ReseenError(f"say which camera has taken {video}: its number")
    if user.cameras is not None and camera not in user.cameras:
        raise ReseenError(f"say which of your cameras has taken them: {', '.join(map(str, sorted(user.cameras)))}")
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    said = plain_line(wanted.source) or f"added by {user.name} at {now} UTC"
    facts = {"camera": camera, "source": said, "again": wanted.again}
    one = desk.state.jobs.add(user.name, {**facts, "seconds": wanted.seconds})
    try:
        desk.uploads.mkdir(mode=0o700, exist_ok=True)
        sent.folder.rename(desk.uploads / one)
    except OSError as error:
        desk.state.jobs.end(one, "failed", f"the files could not be kept: {error.strerror}")
        raise ReseenError(f"the files could not be kept: {error.strerror}") from error
    desk.state.jobs.ready(one)
    desk.state.audit.add(user.name, "add", job=one, files=len(sent.names), **facts)
    job = desk.state.jobs.get(one)
    assert job is not None
    return job


def recent(desk: Desk, user: User) -> tuple[messages.Job, ...]:
    """Returns jobs, newest first: everybody's to those who oversee, else one's own."""
    return tuple(map(message, desk.state.jobs.recent("" if user.oversees else user.name)))


def job_of(desk: Desk, user: User, one: str) -> messages.Job:
    """Returns how a job is going.

    Raises:
        HTTPException: 404 if it is not there, or not theirs to see.
    """
    found = desk.state.jobs.get(one)
    if found is None or not user.may_see(found.who):
        raise missing(f"job {one[:32]}")
    return message(found)


def cancel(desk: Desk, user: User, one: str) -> messages.Job:
    """Stops a job, unless it is over; what it has added stays.

    Raises:
        HTTPException: 404 if it is not there, or not theirs to see.
    """
    job_of(desk, user, one)
    if desk.state.jobs.cancel(one):
        desk.state.audit.add(user.name, "cancel", job=one)
    return job_of(desk, user, one)


def message(job: StoredJob) -> messages.Job:
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
