"""Where a gallery lies: its settings, one LanceDB table a model, and one writer at a time."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from reseen.errors import ReseenError, one_line
from reseen.extras import need
from reseen.gallery_files import NOTE
from reseen.search.gallery.keeping.files import files_of
from reseen.search.gallery.keeping.layout import Layout

os.environ.setdefault("LANCEDB_LOG", "error")  # its remarks on small tables and API changes are not for our users

Seen = TypeVar("Seen")
_PREFIX = "persons-"  # LanceDB allows no @ in names
_COMPACT_FROM = 64
"""So many commits are kept before they are merged into one."""


@dataclass(frozen=True, eq=False)
class Searched:
    """The rows that are searched, as the gallery's note named them at one moment; the next may name another model's.

    Attributes:
        name: Their table's.
        change: How often another table took the place of the one searched; one may come back with other rows.
        table: The table, at its newest version.
        layout: What it holds.
    """

    name: str
    change: int
    table: Any
    layout: Layout

    @property
    def version(self) -> tuple[str, int, int]:
        """Tells these rows, as they are now, from all that were and will be there."""
        return self.name, self.change, int(self.table.version)


class Store:
    """A folder, on disk or in object storage, with tables.

    Attributes:
        place: Its path or address.
        files: What lies in it.

    Raises:
        ReseenError: If something else is there, or it cannot be made or read.
    """

    def __init__(self, place: Path | str) -> None:
        need("gallery")
        import lancedb

        self.files = files_of(place)
        self.place = self.files.place
        with self.told():
            self.files.begin(_json({"format": 1, "current": "", "retention_days": 8}))
            self.settings()
            self._db = lancedb.connect(self.place, read_consistency_interval=timedelta(0))
        self._tables: dict[str, Any] = {}
        self._layouts: dict[str, Layout] = {}
        self._change = 0

    def close(self) -> None:
        self._tables.clear()

    # --- settings ---------------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """Returns what is noted beside the tables, such as ``current``, the one searched, and ``retention_days``.

        Raises:
            ReseenError: If the note cannot be read.
        """
        try:
            content = json.loads(self.files.read(NOTE) or b"nothing is noted")
            days, current = content["retention_days"], content["current"]
            if content["format"] != 1 or not isinstance(days, (int, float)) or not isinstance(current, str):
                raise ValueError("unknown format")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReseenError(
                f"{self.place}/{NOTE} is no gallery's note ({one_line(error)}); is {self.place} a gallery?"
            ) from error
        return dict(content)

    def note(self, **changes: Any) -> None:
        """Changes settings, all at once or not at all."""
        self.files.write(NOTE, _json({**self.settings(), **changes}))

    # --- tables -----------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Returns the names of all models' tables."""
        return sorted(name[:-6] for name in self.files.names() if name.startswith(_PREFIX) and name.endswith(".lance"))

    def searched(self) -> Searched | None:
        """Returns the rows that are searched, or None as long as nothing was added.

        Raises:
            ReseenError: If they cannot be read.
        """
        while (note := self.settings())["current"]:
            name, change = note["current"], note.get("change", 0)
            if change != self._change:
                self.close()
                self._layouts.clear()
                self._change = change
            try:
                return Searched(name, change, self.table(name), self.layout(name))
            except ReseenError:
                if self.settings() == note:  # else another model's rows have just taken their place
                    raise
        return None

    def search_in(self, name: str) -> None:
        """Has a table be searched from now on, in place of the one before."""
        self._change = self.settings().get("change", 0) + 1
        self.note(current=name, change=self._change)

    def look(self, see: Callable[[Searched], Seen]) -> Seen | None:
        """Returns what is seen of the rows that are searched, or None as long as nothing was added.

        Looks once more if a deletion, or the change to another model, has just taken away what was looked at.

        Raises:
            ReseenError: If they cannot be read.
        """

        def attempt() -> Seen | None:
            searched = self.searched()
            if searched is None:
                return None
            with self.told():
                return see(searched)

        try:
            return attempt()
        except ReseenError:
            self.close()
            return attempt()

    def table(self, name: str) -> Any:
        """Opens a table.

        Raises:
            ReseenError: If it cannot be read.
        """
        table = self._tables.get(name)  # looked at once: another thread may close it meanwhile
        if table is None:
            with self.told():
                table = self._tables[name] = self._db.open_table(name)
        return table

    def layout(self, name: str) -> Layout:
        """Returns what a table holds.

        Raises:
            ReseenError: If it cannot be read.
        """
        layout = self._layouts.get(name)
        if layout is None:
            with self.told():
                layout = self._layouts[name] = Layout.read(self.table(name).schema)
        return layout

    def make(self, name: str, schema: Any) -> Any:
        """Makes an empty table, or opens the one that is there."""
        with self.told():
            table = self._tables[name] = self._db.create_table(name, schema=schema, exist_ok=True)
        return table

    def beside(self, name: str) -> str:
        """Returns the name of the file that the calibration of a table's model lies in, if it has one."""
        return f"{name}.calibration.json"

    def drop(self, name: str) -> None:
        """Deletes a table from disk."""
        with self.told():
            self._tables.pop(name, None)
            self._layouts.pop(name, None)
            self._db.drop_table(name)
            self.files.remove(self.beside(name))

    def drop_torn(self) -> None:
        """Drops tables that are not searched and cannot be read, within the `writing` lock.

        A killed change of model has left them half made or half dropped: nothing could be deleted from them.
        """
        for name in set(self.names()) - {self.settings()["current"]}:
            try:
                with self.told():
                    self.table(name).search().select(["id"]).to_arrow()
            except ReseenError:
                self.drop(name)

    def tidy(self, name: str, *, always: bool = True) -> None:
        """Merges commits and deletes every file that the newest version does not need.

        A file that a killed writer left behind counts among these, so this needs the `writing` lock.

        Args:
            name: The table.
            always: Also if there are few commits to merge.
        """
        if not always and len(self.files.names(f"{name}.lance/_versions")) < _COMPACT_FROM:
            return
        with self.told(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # readers of the old version look again
            self.table(name).optimize(cleanup_older_than=timedelta(0), delete_unverified=True)

    # --- one writer, and errors in our words ------------------------------------------------------------------

    @contextmanager
    def writing(self, *, patient: bool = True) -> Iterator[None]:
        """Keeps other writers out, also those of other processes; a writer that dies lets the next one in.

        Args:
            patient: Whether to wait for another writer who is alive.

        Raises:
            BusyError: If another one has been writing for too long, or is writing and nobody waits.
            ReseenError: If the folder cannot be written to.
        """
        with ExitStack() as held:
            with self.told():
                held.enter_context(self.files.locked(patient=patient))
            yield

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
                f"gallery {self.place}: {one_line(error)} (what was added before is not touched; "
                "see reseen gallery check)"
            ) from error


def table_name(model: str) -> str:
    """Returns the name of a model's table.

    Args:
        model: Its digest; empty if nobody knows.
    """
    return _PREFIX + (re.sub(r"[^\w.-]", "_", model, flags=re.ASCII)[:64] or "unknown")


def _json(settings: dict[str, Any]) -> bytes:
    return f"{json.dumps(settings, indent=2)}\n".encode()
