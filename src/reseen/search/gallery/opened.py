"""A gallery that is open: what it holds, what is kept beside its rows, and how long."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from reseen.addresses import check_on_disk
from reseen.data.attributes import AttributeSchema
from reseen.data.person import PersonImage
from reseen.descriptors.calibration import Calibration
from reseen.errors import ReseenError
from reseen.search.gallery.deleting import deletion, exports
from reseen.search.gallery.finding.filters import Criteria, Filter
from reseen.search.gallery.finding.searcher import Searcher
from reseen.search.gallery.finding.vectors import Resident
from reseen.search.gallery.keeping import beside
from reseen.search.gallery.keeping.files import BusyError
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.names import Names, names_of
from reseen.search.gallery.keeping.store import Searched, Store
from reseen.search.search import Match


class Opened:
    """The folder of a gallery, and what it says about itself; `Gallery` is what is done with it.

    Attributes:
        place: The folder's path, or its address in object storage.
    """

    def __init__(self, store: Store) -> None:
        self.place = store.place
        self._open: Store | None = store
        self._searcher = Searcher(store)

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Opens a gallery, and makes it if the folder is missing or empty.

        A deletion that was killed before it was through is finished first; one that goes on is not waited for.

        Args:
            path: The folder, or an address such as ``s3://bucket/folder`` (extra ``storage``).

        Raises:
            ReseenError: If the path is something else, or cannot be read.
        """
        if not isinstance(path, (str, Path)) or not str(path):
            raise ReseenError(f"name a gallery's folder, not {path!r}")
        store = Store(path)
        if deletion.begun(store):
            with suppress(BusyError), store.writing(patient=False):
                deletion.finish(store)
        gallery = cls(store)
        gallery.layout  # noqa: B018 - a table that cannot be read is told of now
        return gallery

    def close(self) -> None:
        """Lets go of the folder and of what is held in memory; the gallery can be opened again."""
        if self._open is not None:
            self._open.close()
            self._searcher.forget()
        self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Returns how many rows the searched table has."""
        return self.count()

    def __bool__(self) -> bool:
        """An empty gallery is a gallery."""
        return True

    @property
    def folder(self) -> Path:
        """The folder on disk.

        Raises:
            ReseenError: If it lies in object storage.
        """
        return check_on_disk(self.place)

    @property
    def store(self) -> Store:
        """The folder's tables.

        Raises:
            ReseenError: If the gallery was closed.
        """
        if self._open is None:
            raise ReseenError(f"gallery {self.place} is closed; open it again")
        return self._open

    def held(self, searched: Searched) -> Resident | None:
        """Returns the rows that are searched, as they are now, if they are in memory; nothing is read for it."""
        return self._searcher.held(searched)

    @property
    def layout(self) -> Layout | None:
        """Model and attributes of the rows that are searched, or None as long as nothing was added."""
        searched = self.store.searched()
        return None if searched is None else searched.layout

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes that ``where`` can ask for, or None."""
        layout = self.layout
        return None if layout is None else layout.schema

    @property
    def names(self) -> Names:
        """Which numbers persons and cameras have that are called by names."""
        return names_of(self.store)

    @property
    def calibration(self) -> Calibration | None:
        """What the searched model's distances mean: `Embedder.calibration`, which is kept beside its rows."""
        return beside.calibration(self.store, self.store.settings()["current"])

    @calibration.setter
    def calibration(self, calibration: Calibration) -> None:
        beside.keep_calibration(self.store, calibration)

    def count(self, criteria: Criteria | None = None) -> int:
        """Returns how many rows `Gallery.delete` would take away; without criteria, how many there are.

        Raises:
            ReseenError: If something has the wrong type.
        """
        chosen = Filter() if criteria is None else criteria.filter()
        return self._count(chosen.sql() if chosen else None)

    def untimed(self, criteria: Criteria) -> int:
        """Returns how many rows only the time keeps from fulfilling criteria that name one, as theirs is not known.

        Raises:
            ReseenError: If something has the wrong type.
        """
        if criteria.since is None and criteria.until is None:
            return 0
        others = replace(criteria, since=None, until=None).filter()
        return self._count(f"({others.sql()}) AND seconds IS NULL")

    def _count(self, sql: str | None) -> int:
        return self.store.look(lambda rows: int(rows.table.count_rows(sql))) or 0

    @property
    def retention(self) -> float:
        """After so many days rows may be deleted by `Gallery.expire`."""
        return float(self.store.settings()["retention_days"])

    @retention.setter
    def retention(self, days: float) -> None:
        if isinstance(days, bool) or not isinstance(days, (int, float)) or not (math.isfinite(days) and days > 0):
            raise ReseenError(f"the retention is a number of days above 0, not {days!r}")
        with self.store.writing():
            self.store.note(retention_days=float(days))

    def picture(self, match: Match) -> PersonImage:
        """Returns the picture of a match: the one that was kept, else the one its path leads to.

        Raises:
            ReseenError: If there is none any more.
        """
        return beside.picture(self.store, match)

    def remember(self, picture: Path, shown: Iterable[Match | str]) -> None:
        """Keeps in mind that a picture was drawn of some rows: it is deleted with the first of them.

        Args:
            picture: The file, as it is now.
            shown: Whom it shows: matches, or the hashes of pictures that the gallery keeps (`content_hash`).
        """
        ids = [each if isinstance(each, str) else each.id for each in shown]
        with self.store.writing(), self.store.told():
            exports.remember(self.store, picture, ids)
