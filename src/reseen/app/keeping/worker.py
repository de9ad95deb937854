"""What is added in the background: one job after the other, in pieces, so that a restart goes on where it stopped."""

from __future__ import annotations

import logging
import math
import re
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from reseen.app.desk import Desk
from reseen.app.keeping.adding import pictures_in, sent_as, videos_in
from reseen.app.keeping.course import Cancelled, Course, Stopped
from reseen.app.keeping.deleting import forget_gone
from reseen.app.state.jobs import Ending, StoredJob
from reseen.app.web.uploads import TryAgainError, check_picture
from reseen.data.attributes import AttributeSchema
from reseen.data.person import PersonImage, close_archives
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.ingest import Settings, ingest
from reseen.ingest.video import Video
from reseen.search.gallery.adding import DeletedBeforeError
from reseen.search.gallery.finding.filters import Criteria
from reseen.search.gallery.keeping.rows import Newcomers

_PIECE = 64
"""Pictures embedded and written at once; what a kill can cost."""
_PAUSE = 1.0
_AFTER_FAILURE = 5.0
"""Seconds until it is tried again when the state cannot be read or written, or there was no time for a picture."""
_TRIES = 5
"""Times that a picture is looked at while there is no time for it."""
_BETWEEN = 3600.0
"""Seconds after which it is looked anew for what was deleted elsewhere."""
_log = logging.getLogger("reseen.app")


class Worker:
    """The thread that adds. Each piece is written before the next one is begun, and is known again by its content."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="adding", daemon=True)
        self._forgot = -math.inf

    def start(self) -> None:
        """Begins, with jobs that an earlier process has left."""
        self._desk.state.jobs.revive()
        shutil.rmtree(self._desk.incoming, ignore_errors=True)
        self._tidy()
        self._thread.start()

    def stop(self) -> None:
        """Ends after the piece or frame that is being looked at; the job goes on after the next start."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        failed = False
        while not self._stop.is_set():
            try:
                if failed:
                    self._desk.state.jobs.resume()
                failed = False
                self._turn()
            except Exception:  # there is no other thread that adds
                failed = True
                _log.exception("adding waits a moment")
                self._stop.wait(_AFTER_FAILURE)

    def _turn(self) -> None:
        """Does the next job, or waits a moment if there is none."""
        job = self._desk.state.jobs.next()
        if job is None:
            self._tidy()
            self._stop.wait(_PAUSE)
            return
        state: Ending
        try:
            job = self._begun(job)
            state, text = "done", self._add(job)
        except Stopped:
            self._desk.state.jobs.wait(job.id)
            return
        except Cancelled:
            state, text = "cancelled", f"{self._added(job):,} were added before it was cancelled"
        except DeletedBeforeError:
            state, text = "failed", "all of this source was deleted here before; say so if it is really to come back"
        except ReseenError as error:
            state, text = "failed", re.sub(rf"{re.escape(str(self._folder(job)))}/\d+-", "", str(error))
        except Exception:
            _log.exception("job %s failed", job.id)
            state, text = "failed", "something went wrong here; the server's log says what"
        self._over(job, state, text)

    def _tidy(self) -> None:
        self.sweep()
        if time.monotonic() - self._forgot >= _BETWEEN:
            self._forgot = time.monotonic()
            forget_gone(self._desk)

    def sweep(self) -> None:
        """Deletes what was sent for jobs that were cancelled before they began, or whose process was killed."""
        for folder in self._desk.uploads.glob("*/"):
            job = self._desk.state.jobs.get(folder.name)
            if job is None or job.over:
                shutil.rmtree(folder, ignore_errors=True)

    def _begun(self, job: StoredJob) -> StoredJob:
        """Notes how many rows of its source there are already, unless it goes on after a restart."""
        if "there" in job.settings:
            return job
        settings = {**job.settings, "there": self._rows(job)}
        self._desk.state.jobs.settle(job.id, settings)
        return replace(job, settings=settings)

    def _add(self, job: StoredJob) -> str:
        """Adds what a job brings, and returns in words what came of it."""
        images = pictures_in(self._folder(job), self._desk.settings.limits.job_pictures)
        videos = [Video(path) for path in videos_in(self._folder(job))]
        if not images and not videos:
            raise ReseenError("there are neither pictures nor videos in what was sent")
        frames = [max(1, round(video.seconds * Settings(0).rate)) for video in videos]
        course = Course(self._desk.state.jobs, job, len(images) + sum(frames), self._stop, lambda: self._added(job))
        self._pictures(job, images, course)
        people = [self._people(job, video.path, course, len(images) + sum(frames[:number]))
                  for number, video in enumerate(videos)]  # fmt: skip
        course.end()
        added, left = self._added(job), course.left_out
        told = {
            "added": added,
            "were there": 0 if videos else len(images) - added - left.broken - left.deleted,
            f"could not be read ({left.told})": left.broken,
            "left out, as they were deleted": left.deleted,
        }
        return ", ".join([*(f"{count:,} {what}" for what, count in told.items() if count), *people])

    def _pictures(self, job: StoredJob, images: Sequence[PersonImage], course: Course) -> None:
        """Adds those that are not through yet."""
        for start in range(min(job.done, len(images)), len(images), _PIECE):
            course(start)
            piece = images[start : start + _PIECE]
            looked = [(image, self._is_readable(image, partial(course, start))) for image in piece]
            course.left_out.deleted += self._write(job, [image for image, readable in looked if readable])
            for image in (image for image, readable in looked if not readable):
                course.left_out.note_broken(_name(image))

    def _is_readable(self, image: PersonImage, waiting: Callable[[], None]) -> bool:
        """Looks at a picture, and again if there was no time for it: that is no fault of the picture."""
        limits = self._desk.settings.limits
        for _ in range(_TRIES):
            try:
                check_picture(image.name, image.read(limits.picture_bytes), limits)
                image.open()
            except TryAgainError:
                waiting()
                self._stop.wait(_AFTER_FAILURE)
            except ReseenError:
                return False
            else:
                return True
        return False

    def _write(self, job: StoredJob, images: Sequence[PersonImage]) -> int:
        """Adds pictures; returns how many were left out, as they were deleted before."""
        if not images:
            return 0
        camera, source = job.settings["camera"], job.settings["source"]
        placed = [image if camera is None else replace(image, camid=camera) for image in images]
        embeddings = self._desk.embed(placed)
        newcomers = Newcomers(
            replace(embeddings, paths=[f"{source}/{_name(image)}" for image in placed]),
            seconds=job.settings["seconds"],
            source=source,
            pictures=[image.read() for image in placed],
        )
        return self._desk.gallery.admit(
            newcomers, schema=self._desk.embedder.schema, again=job.settings["again"]
        ).deleted

    def _people(self, job: StoredJob, video: Path, course: Course, before: int) -> str:
        """Adds the people in a video, which goes on where it was; returns in words how many they are."""
        detector, source, name = self._desk.choices.detector, job.settings["source"], sent_as(video)
        if detector is None:
            raise ReseenError(
                f"nothing finds the people in {name}: start reseen serve with --detector, and send it anew"
            )
        done = ingest(
            video,
            self._desk.gallery,
            _Model(self._desk),
            detector,
            Settings(job.settings["camera"], job.settings["seconds"]),
            source=source,
            name=f"{source}/{name}",
            again=job.settings["again"],
            progress=lambda frame, _: course(before + frame),
        )
        if done.note:
            return f"{name} was added before"
        left_out = f" ({done.deleted:,} pictures of them left out, as they were deleted)" if done.deleted else ""
        return f"{len(done.people):,} people in {name}{left_out}"

    def _added(self, job: StoredJob) -> int:
        there: int = job.settings["there"]
        return max(0, self._rows(job) - there)

    def _rows(self, job: StoredJob) -> int:
        return self._desk.gallery.count(Criteria(sources=job.settings["source"]))

    def _folder(self, job: StoredJob) -> Path:
        return self._desk.uploads / job.id

    def _over(self, job: StoredJob, state: Ending, text: str) -> None:
        with self._desk.state.change():  # what is over stands in the trail, even if this process is killed here
            self._desk.state.jobs.end(job.id, state, text)
            self._desk.state.audit.add(job.who, "added", job=job.id, state=state, result=text)
        close_archives()
        shutil.rmtree(self._folder(job), ignore_errors=True)


class _Model:
    """The desk's model, which computes for one thread at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def digest(self) -> str:
        return self._desk.embedder.digest

    @property
    def schema(self) -> AttributeSchema | None:
        return self._desk.embedder.schema

    def embed(self, images: Sequence[PersonImage], /) -> Embeddings:
        return self._desk.embed(images)


def _name(image: PersonImage) -> str:
    assert isinstance(image.path, Path)
    if image.archive is not None:
        return f"{sent_as(image.archive)}/{image.path.as_posix()}"
    return sent_as(image.path)
