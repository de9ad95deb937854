"""Searches of a store by whoever has it open, with what they hold in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from reseen.errors import ReseenError
from reseen.search.gallery.finding import index, refining, ways
from reseen.search.gallery.finding.filters import Filter
from reseen.search.gallery.finding.results import Results
from reseen.search.gallery.finding.sought import Sought
from reseen.search.gallery.finding.vectors import Resident
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.store import Store
from reseen.search.where import AttributeFilter

EMPTY = "the gallery is empty; add images to it before searching"


class Searcher:
    """Finds rows of a table as it is at that moment, whoever has changed it. Threads may share one.

    Args:
        store: The gallery's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = threading.Lock()
        self._resident: tuple[str, Resident] | None = None

    def forget(self) -> None:
        """Lets go of what is held in memory."""
        self._resident = None

    def held(self) -> Resident | None:
        """Returns the searched table as it is now if it is held in memory; nothing is read for it."""
        before = self._resident
        if before is None:
            return None
        with self._store.told():
            name = self._store.settings()["current"]
            now = (name, self._store.table(name).version if name else -1)
        return before[1] if (before[0], before[1].version) == now else None

    def by_picture(
        self,
        name: str,
        sought: Sought,
        wanted: AttributeFilter | None,
        layout: Layout,
        rows: Filter,
        top: int,
        *,
        rerank: bool = False,
        exact: bool = False,
    ) -> Results:
        """Returns the nearest rows of a table that pass a filter; see `finding.in_memory` and `refining.refine`.

        Raises:
            ReseenError: If the gallery is empty, was moved to another model meanwhile, or cannot be read.
        """
        several = max(top, refining.RERANKED) if rerank else top

        def look(table: Any) -> Results:
            with self._memory:
                resident = self._held(name, layout, table)
            if resident is None:
                found = ways.in_store(table, sought.point, wanted, layout, rows, several, exact=exact)
            elif len(resident):
                found = ways.in_memory(resident, sought.point, wanted, layout, rows, several)
            else:
                raise ReseenError(EMPTY)
            if rerank or len(sought.unlike):
                return refining.refine(found, table, sought, top, rerank=rerank)
            return found

        return self._again(name, look)

    def by_attributes(self, name: str, wanted: AttributeFilter, layout: Layout, rows: Filter, top: int) -> Results:
        """Returns the rows of a table that pass a filter and are most probably so; see `finding.by_attributes`.

        Raises:
            ReseenError: If the gallery is empty, was moved to another model meanwhile, or cannot be read.
        """

        def look(table: Any) -> Results:
            found = ways.by_attributes(table, wanted, layout, rows, top)
            if not found and not table.count_rows():
                raise ReseenError(EMPTY)
            return found

        return self._again(name, look)

    def _again(self, name: str, look: Callable[[Any], Results]) -> Results:
        """Searches, and once more if a deletion has just taken away the files of the version that was looked at."""
        try:
            with self._store.told():
                return look(self._store.table(name))
        except ReseenError:
            self._store.close()
            with self._store.told():
                if name not in self._store.names():
                    raise ReseenError(
                        f"gallery {self._store.place} was moved to another model meanwhile; search again"
                    ) from None
                return look(self._store.table(name))

    def _held(self, name: str, layout: Layout, table: Any) -> Resident | None:
        """Returns a table in memory, or None if it is too large."""
        before = self._resident
        if before is not None and (before[0], before[1].version) == (name, table.version):
            return before[1]
        if table.count_rows() > index.EXACT_ROWS:
            self._resident = None
            return None
        same = before is not None and before[0] == name
        resident = before[1].copy() if before is not None and same else Resident(layout.searched_width)
        resident.refresh(table)
        self._resident = (name, resident)
        return resident
