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
from reseen.search.gallery.keeping.store import Searched, Store
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
        self._resident: tuple[tuple[str, int], Resident] | None = None

    def forget(self) -> None:
        """Lets go of what is held in memory."""
        self._resident = None

    def held(self, searched: Searched) -> Resident | None:
        """Returns the rows that are searched, as they are now, if they are in memory; nothing is read for it."""
        before = self._resident
        if before is None:
            return None
        with self._store.told():
            return before[1] if (*before[0], before[1].version) == searched.version else None

    def by_picture(
        self,
        searched: Searched,
        sought: Sought,
        wanted: AttributeFilter | None,
        rows: Filter,
        top: int,
        *,
        rerank: bool = False,
        exact: bool = False,
    ) -> Results:
        """Returns the nearest rows that pass a filter; see `ways.in_memory`, `ways.in_store` and `refining.refine`.

        Raises:
            ReseenError: If the gallery is empty, was moved to another model meanwhile, or cannot be read.
        """
        several, layout = max(top, refining.RERANKED) if rerank else top, searched.layout

        def look(table: Any) -> Results:
            with self._memory:
                resident = self._held(searched, table)
            if resident is None:
                found = ways.in_store(table, sought.point, wanted, layout, rows, several, exact=exact)
            elif len(resident):
                found = ways.in_memory(resident, sought.point, wanted, layout, rows, several)
            else:
                raise ReseenError(EMPTY)
            if rerank or len(sought.unlike):
                return refining.refine(found, table, sought, top, rerank=rerank)
            return found

        return self._again(searched, look)

    def by_attributes(self, searched: Searched, wanted: AttributeFilter, rows: Filter, top: int) -> Results:
        """Returns the rows that pass a filter and are most probably so; see `ways.by_attributes`.

        Raises:
            ReseenError: If the gallery is empty, was moved to another model meanwhile, or cannot be read.
        """

        def look(table: Any) -> Results:
            found = ways.by_attributes(table, wanted, searched.layout, rows, top)
            if not found and not table.count_rows():
                raise ReseenError(EMPTY)
            return found

        return self._again(searched, look)

    def _again(self, searched: Searched, look: Callable[[Any], Results]) -> Results:
        """Searches, and once more if a deletion has just taken away the files of the version that was looked at.

        Not in another model's rows, unlike `Store.look`: what is sought is a point among this one's.
        """
        name = searched.name
        try:
            with self._store.told():
                return look(searched.table)
        except ReseenError:
            self._store.close()
            with self._store.told():
                if name not in self._store.names():
                    raise ReseenError(
                        f"gallery {self._store.place} was moved to another model meanwhile; search again"
                    ) from None
                return look(self._store.table(name))

    def _held(self, searched: Searched, table: Any) -> Resident | None:
        """Returns a table in memory, or None if it is too large."""
        before, key = self._resident, (searched.name, searched.change)
        if before is not None and (before[0], before[1].version) == (key, table.version):
            return before[1]
        if table.count_rows() > index.EXACT_ROWS:
            self._resident = None
            return None
        same = before is not None and before[0] == key
        resident = before[1].copy() if before is not None and same else Resident(searched.layout.searched_width)
        resident.refresh(table)
        self._resident = (key, resident)
        return resident
