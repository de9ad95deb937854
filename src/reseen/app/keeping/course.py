"""How far a job has come: written down while it runs, and the place where it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from reseen.app.state.jobs import Job, JobStore

_EVERY = 0.5
"""Seconds between two notes: each waits for the disk."""


class Cancelled(Exception):  # noqa: N818 - no error
    """Somebody wants a job to end."""


class Stopped(Exception):  # noqa: N818 - no error
    """The application ends; the job goes on after the next start."""


class Course:
    """Told of each step of a job.

    Args:
        jobs: Where it is noted.
        job: The job.
        total: How many steps it has: pictures, and frames of videos.
        stop: Set when the application ends.
        added: Returns how many rows are new.
    """

    def __init__(self, jobs: JobStore, job: Job, total: int, stop: threading.Event, added: Callable[[], int]) -> None:
        self._jobs, self._job, self._total, self._stop, self._added = jobs, job, total, stop, added
        self._began = self._noted = time.monotonic()
        self._first: int | None = None

    def __call__(self, done: int) -> None:
        """Notes that so many steps are done.

        Raises:
            Cancelled: If somebody has cancelled the job.
            Stopped: If the application ends.
        """
        now = self._jobs.get(self._job.id)
        if now is None or now.state == "cancelling":
            raise Cancelled
        if self._stop.is_set():
            raise Stopped
        if self._first is None or time.monotonic() - self._noted >= _EVERY:
            self._first = done if self._first is None else self._first
            self._note(done)

    def end(self) -> None:
        """Notes that all steps are done."""
        self._note(self._total)

    def _note(self, done: int) -> None:
        self._noted = time.monotonic()
        rate = (done - (self._first or 0)) / max(self._noted - self._began, 1e-3)
        total = max(self._total, done)
        self._jobs.move(self._job.id, done=done, total=total, added=self._added(), rate=rate)
