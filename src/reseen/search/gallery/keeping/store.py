"""The folder of a gallery: its settings, one LanceDB table a model, and one writer at a time."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line
from reseen.extras import need
from reseen.files import replacing
from reseen.gallery_files import NOTE, check_new_gallery, is_gallery

os.environ.setdefault("LANCE_LOG", "error")  # its remarks about API changes are not for our users

_PREFIX = "persons-"  # LanceDB allows no @ in names
_COMPACT_FROM = 64
"""So many commits are kept before they are merged into one."""
_WAIT = 120.0
"""Seconds to wait for another writer."""


class Store:
    """A folder with tables.

    Attributes:
        folder: Where it lies.

    Raises:
        ReseenError: If the folder is something else, or cannot be made or read.
    """

    def __init__(self, folder: Path) -> None:
        need("gallery")
        import lancedb
        from filelock import FileLock

        self.folder = folder
        with self.told():
            if not is_gallery(check_new_gallery(folder)):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write_settings(folder, {"format": 1, "current": "", "retention_days": 8})
            self.settings()
            self._db = lancedb.connect(folder, read_consistency_interval=timedelta(0))
            self._lock = FileLock(folder / ".lock", timeout=_WAIT)
        self._tables: dict[str, Any] = {}

    def close(self) -> None:
        self._tables.clear()

    # --- settings ---------------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """Returns what is noted beside the tables: ``current``, the table that is searched, and ``retention_days``.

        Raises:
            ReseenError: If the note cannot be read.
        """
        file = self.folder / NOTE
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            days, current = content["retention_days"], content["current"]
            if content["format"] != 1 or not isinstance(days, (int, float)) or not isinstance(current, str):
                raise ValueError("unknown format")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReseenError(
                f"{file} is no gallery's note ({one_line(error)}); is {self.folder} a gallery?"
            ) from error
        return dict(content)

    def note(self, **changes: Any) -> None:
        """Changes settings, all at once or not at all."""
        _write_settings(self.folder, {**self.settings(), **changes})

    # --- tables -----------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Returns the names of all models' tables."""
        return sorted(each.stem for each in self.folder.glob(f"{_PREFIX}*.lance"))

    def current(self) -> Any | None:
        """Returns the table that is searched, at its newest version, or None as long as nothing was added."""
        name = self.settings()["current"]
        return self.table(name) if name else None

    def table(self, name: str) -> Any:
        """Opens a table.

        Raises:
            ReseenError: If it cannot be read.
        """
        if name not in self._tables:
            with self.told():
                self._tables[name] = self._db.open_table(name)
        return self._tables[name]

    def make(self, name: str, schema: Any) -> Any:
        """Makes an empty table, or opens the one that is there."""
        with self.told():
            self._tables[name] = self._db.create_table(name, schema=schema, exist_ok=True)
        return self._tables[name]

    def beside(self, name: str) -> Path:
        """Returns where the calibration of a table's model lies, if it has one."""
        return self.folder / f"{name}.calibration.json"

    def drop(self, name: str) -> None:
        """Deletes a table from disk."""
        with self.told():
            self._tables.pop(name, None)
            self._db.drop_table(name)
            self.beside(name).unlink(missing_ok=True)

    def tidy(self, name: str, *, always: bool = True) -> None:
        """Merges commits and deletes every file that the newest version does not need.

        A file that a killed writer left behind counts among these, so this needs the `writing` lock.

        Args:
            name: The table.
            always: Also if there are few commits to merge.
        """
        if not always and len(os.listdir(self.folder / f"{name}.lance" / "_versions")) < _COMPACT_FROM:
            return
        with self.told(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # readers of the old version look again
            self.table(name).optimize(cleanup_older_than=timedelta(0), delete_unverified=True)

    # --- one writer, and errors in our words ------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other writers out, also those of other processes; a writer that dies lets the next one in.

        Raises:
            ReseenError: If another one has been writing for too long.
        """
        from filelock import Timeout

        try:
            self._lock.acquire()
        except Timeout:
            raise ReseenError(
                f"somebody else has been writing to {self.folder} for {_WAIT:.0f} s; try again when they are done"
            ) from None
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Says in one line what LanceDB or the disk complains of.

        Raises:
            ReseenError: Instead of their errors.
        """
        try:
            yield
        except ReseenError:
            raise
        except (OSError, RuntimeError, ValueError) as error:  # LanceDB has no errors of its own
            raise ReseenError(
                f"gallery {self.folder}: {one_line(error)} (what was added before is not touched; "
                "see reseen gallery check)"
            ) from error


def table_name(model: str) -> str:
    """Returns the name of a model's table.

    Args:
        model: Its digest; empty if nobody knows.
    """
    return _PREFIX + (re.sub(r"[^\w.-]", "_", model, flags=re.ASCII)[:64] or "unknown")


def _write_settings(folder: Path, settings: dict[str, Any]) -> None:
    with replacing(folder / NOTE) as partial:
        partial.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
