"""How far a job has come: written down while it runs, and the place where it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from reseen.app.state.jobs import JobStore, StoredJob

_EVERY = 0.5
"""Seconds between two notes: each waits for the disk."""
_NAMED = 5
"""So many pictures that cannot be read are named."""


class Cancelled(Exception):  # noqa: N818 - no error
    """Somebody wants a job to end."""


class Stopped(Exception):  # noqa: N818 - no error
    """The application ends; the job goes on after the next start."""


@dataclass
class LeftOut:
    """Pictures of a job that are through, but were not added.

    Attributes:
        broken: How many could not be read.
        names: What the first of those are called.
        deleted: How many were deleted from the gallery before.
    """

    broken: int = 0
    names: list[str] = field(default_factory=list)
    deleted: int = 0

    def note_broken(self, name: str) -> None:
        """Counts a picture that cannot be read."""
        self.broken += 1
        if len(self.names) < _NAMED:
            self.names.append(name)

    @property
    def told(self) -> str:
        """Which pictures could not be read, as a reader is told: names, and how many others."""
        others = self.broken - len(self.names)
        return ", ".join(self.names) + (f" and {others:,} others" if others else "")


class Course:
    """Told of each step of a job.

    Args:
        jobs: Where it is noted.
        job: The job.
        total: How many steps it has: pictures, and frames of videos.
        stop: Set when the application ends.
        added: Returns how many rows are new.

    Attributes:
        left_out: What is not added, noted with each step: a job that goes on after a restart counts on.
    """

    def __init__(
        self, jobs: JobStore, job: StoredJob, total: int, stop: threading.Event, added: Callable[[], int]
    ) -> None:
        self._jobs, self._job, self._total, self._stop, self._added = jobs, job, total, stop, added
        self.left_out = LeftOut(**job.settings.get("left_out", {}))
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
        settings = {**self._job.settings, "left_out": asdict(self.left_out)}
        self._jobs.move(self._job.id, done=done, total=total, added=self._added(), rate=rate, settings=settings)
