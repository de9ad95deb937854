"""What is said of adding, deleting and the audit trail."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reseen.app.messages.base import LARGEST, Message


class Addition(Message):
    """What is said of files that are to be added."""

    camera: int | None = Field(default=None, ge=-LARGEST, le=LARGEST, description="Which has taken them.")
    seconds: float | None = Field(default=None, allow_inf_nan=False, description="When they were taken.")
    source: str = Field(default="", max_length=200, description="Where they come from, to delete them by.")
    again: bool = Field(default=False, description="Whether to add also what was deleted from this gallery before.")


class Deletion(Message):
    """What to delete; all that is said must hold."""

    cameras: tuple[int, ...] | None = None
    persons: tuple[int, ...] | None = None
    sources: tuple[str, ...] | None = None
    rows: tuple[str, ...] | None = None
    since: float | None = None
    until: float | None = None
    reason: str = Field(min_length=3, max_length=500, examples=["request of the person, 12 May"])


class Receipt(Message):
    """What a deletion has done.

    Attributes:
        at: When it was done.
        who: By whom.
        reason: Why.
        criteria: What was asked for.
        rows: Rows gone from the gallery.
        left: Rows it still has.
        queries: Pictures that searches had kept, gone too.
        verdicts: Verdicts on these rows, gone too.
        drawn: Pictures that showed some of them, drawn by `reseen search` and `reseen gallery search`, gone too.
        undeleted: How many of these could not be deleted; `reseen gallery check` names them.
        looked_for: How many of the rows were looked for afterwards, by id, path, picture and descriptor.
        files: How many files of the gallery were read for it.
        bytes: How many bytes these have.
        found: In how many of them something was found: none, else the deletion has failed.
        beyond: What no deletion reaches.
        audit: Hash of the audit entry that has noted it.
    """

    at: float
    who: str
    reason: str
    criteria: dict[str, Any]
    rows: int
    left: int
    queries: int
    verdicts: int
    drawn: int
    undeleted: int
    looked_for: int
    files: int
    bytes: int
    found: int
    beyond: str
    audit: str


class Retention(Message):
    """After how many days rows and kept query pictures are to be deleted."""

    days: float = Field(gt=0, le=36_500)


class Job(Message):
    """Pictures and videos on their way into the gallery.

    Attributes:
        id: By which it is found.
        at: When it was asked for.
        who: By whom.
        state: How it is going.
        source: Where the pictures come from.
        camera: Which has taken them.
        done: Pictures, and frames of videos, that are through.
        total: Of how many.
        added: How many rows are new.
        seconds_left: How long it will take; None while nobody knows.
        message: What went wrong, or what a reader should know.
    """

    id: str
    at: float
    who: str
    state: Literal["receiving", "waiting", "running", "cancelling", "done", "cancelled", "failed"]
    source: str
    camera: int | None
    done: int
    total: int
    added: int
    seconds_left: float | None
    message: str


class AuditEntry(Message):
    """One entry of the audit trail."""

    number: int
    at: float
    who: str
    action: str
    detail: dict[str, Any]
    hash: str


class AuditPage(Message):
    """Entries, newest first, and whether the chain holds."""

    entries: tuple[AuditEntry, ...]
    cursor: str
    problems: tuple[str, ...]
