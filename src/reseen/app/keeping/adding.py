"""Pictures added in the background: one job after the other, in pieces, so that a restart goes on where it stopped."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from starlette.datastructures import UploadFile

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.state.jobs import Ending, Job
from reseen.app.state.users import User
from reseen.data.images.reference import image_of
from reseen.data.images.source import is_image, open_folder
from reseen.data.person import PersonImage
from reseen.errors import ReseenError

_PIECE = 64
"""Pictures embedded and written at once; what a kill can cost."""
_PAUSE = 1.0
_log = logging.getLogger("reseen.app")


def accept(
    desk: Desk, user: User, files: Sequence[UploadFile], *, camera: int | None, seconds: float | None, source: str
) -> Job:
    """Keeps pictures and zips on disk, and notes a job that will add them.

    Args:
        desk: The gallery.
        user: Who adds them.
        files: What was sent.
        camera: Which has taken them; None: as their names say (``0002_c1…``).
        seconds: When they were taken, or None.
        source: Where they come from, to delete them by; by default when and by whom they were added.

    Raises:
        ReseenError: If there is nothing to add, or a file is neither a picture nor a zip.
    """
    sent = [file for file in files if file.filename]
    if not sent:
        raise ReseenError("choose pictures, or a zip of pictures")
    for file in sent:
        name = PurePosixPath((file.filename or "").replace("\\", "/")).name
        if not (is_image(name) or name.lower().endswith(".zip")):
            raise ReseenError(f"{name[:80]} is neither a picture nor a zip; add JPEG, PNG, WebP or BMP files")
    said = source.strip()[:200] or f"added by {user.name} at {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC"
    one = desk.state.jobs.add(user.name, {"camera": camera, "seconds": seconds, "source": said})
    folder = desk.uploads / one
    folder.mkdir(parents=True, mode=0o700)
    try:
        for number, file in enumerate(sent):
            name = PurePosixPath((file.filename or "").replace("\\", "/")).name
            with (folder / f"{number:05}-{name[-100:]}").open("xb") as kept:
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


class Worker:
    """The thread that adds. Each piece is written before the next one is begun, and is known again by its content."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="adding", daemon=True)

    def start(self) -> None:
        """Begins, with jobs that an earlier process has left."""
        self._desk.state.jobs.revive()
        self._thread.start()

    def stop(self) -> None:
        """Ends after the piece that is being added; the job goes on after the next start."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            job = self._desk.state.jobs.next()
            if job is None:
                self._stop.wait(_PAUSE)
                continue
            try:
                self._add(job)
            except ReseenError as error:
                self._over(job, "failed", str(error))
            except Exception:
                _log.exception("job %s failed", job.id)
                self._over(job, "failed", "something went wrong here; the server's log says what")

    def _add(self, job: Job) -> None:
        jobs, folder = self._desk.state.jobs, self._desk.uploads / job.id
        images, broken = pictures_in(folder, self._desk.settings.limits.job_pictures), 0
        done, added, before, began = job.done, job.added, job.done, time.monotonic()
        while done < len(images):
            now = jobs.get(job.id)
            if now is None or now.state == "cancelling":
                self._over(job, "cancelled", f"{added:,} were added before it was cancelled")
                return
            if self._stop.is_set():
                jobs.wait(job.id)
                return
            piece = images[done : done + _PIECE]
            readable = [image for image in piece if _is_readable(image)]
            broken += len(piece) - len(readable)
            added += self._write(job, readable)
            done += len(piece)
            rate = (done - before) / max(time.monotonic() - began, 1e-3)
            jobs.move(job.id, done=done, total=len(images), added=added, rate=rate)
        there = len(images) - added - broken
        told = {"added": added, "were there": there, "could not be read": broken}
        self._over(job, "done", ", ".join(f"{count:,} {what}" for what, count in told.items() if count))

    def _write(self, job: Job, images: Sequence[PersonImage]) -> int:
        if not images:
            return 0
        camera, seconds = job.settings["camera"], job.settings["seconds"]
        placed = [image if camera is None else replace(image, camid=camera) for image in images]
        embeddings = self._desk.embed(placed)
        source = job.settings["source"]
        named = replace(embeddings, paths=[f"{source}/{_shown(image)}" for image in placed])
        return self._desk.gallery.add(
            named,
            schema=self._desk.embedder.schema,
            seconds=seconds,
            source=source,
            pictures=[image.read() for image in placed],
        )

    def _over(self, job: Job, state: Ending, text: str) -> None:
        shutil.rmtree(self._desk.uploads / job.id, ignore_errors=True)
        self._desk.state.jobs.end(job.id, state, text)
        self._desk.state.audit.add(job.who, "added", job=job.id, state=state, result=text)


def pictures_in(folder: Path, limit: int) -> list[PersonImage]:
    """Returns the pictures in a job's folder and in its zips, in the same order each time.

    Raises:
        ReseenError: If there are none or too many, or a zip cannot be read.
    """
    images = [image_of(entry.path) for entry in open_folder(folder).images()]
    for archive in sorted(folder.glob("*.[zZ][iI][pP]")):
        for entry in open_folder(archive).all_images():
            image = image_of(f"{archive}:{entry.path.as_posix()}")
            images.append(image)
            if len(images) > limit:
                break
    if len(images) > limit:
        raise ReseenError(f"that is more than {limit:,} pictures; add fewer at once")
    if not images:
        raise ReseenError("there are no pictures in what was sent")
    return images


def _is_readable(image: PersonImage) -> bool:
    try:
        image.open()
    except ReseenError:
        return False
    return True


def _shown(image: PersonImage) -> str:
    """Returns a file's name as it was sent, without the number it was kept by."""
    assert isinstance(image.path, Path)
    if image.archive is not None:
        return f"{image.archive.name[6:]}/{image.path.as_posix()}"
    return image.path.name[6:]
