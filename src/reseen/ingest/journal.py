"""What of a video or a folder is done: a file beside the gallery's tables, so that a killed ingest goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line
from reseen.files import make_private


class Journal:
    """Lines of JSON, each written at once.

    Attributes:
        records: What the lines say.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: list[Any] = []
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]  # a killed process may leave half a line
        try:
            self.records = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise ReseenError(f"{path} is damaged ({one_line(error)}): delete it to begin anew") from error
        self._file = path.open("ab")
        self._file.truncate(len(whole))

    def note(self, record: Any) -> None:
        """Adds a line, which survives this process."""
        self._file.write(json.dumps(record).encode() + b"\n")
        self._file.flush()
        self.records.append(record)

    def replace(self, record: Any) -> None:
        """Forgets everything but one line."""
        self._file.truncate(0)
        self.records.clear()
        self.note(record)

    def close(self) -> None:
        self._file.close()


@contextmanager
def journal_of(gallery: Path, *facts: object) -> Iterator[Journal]:
    """Opens the journal of some work on a gallery; nobody else can do the same work meanwhile.

    Args:
        gallery: The gallery's folder.
        facts: What the work depends on.

    Raises:
        ReseenError: If somebody else is at it, or the journal is damaged.
    """
    from filelock import FileLock, Timeout

    folder = gallery / "ingest"
    make_private(folder)
    path = folder / f"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}.jsonl"
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0):
            journal = Journal(path)
            try:
                yield journal
            finally:
                journal.close()
    except Timeout:
        raise ReseenError(f"somebody else is adding the same to {gallery}; wait until they are done") from None
