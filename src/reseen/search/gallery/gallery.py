"""A gallery that is kept: the one object through which persons are added, found and deleted."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from reseen.addresses import check_on_disk
from reseen.data.attributes import AttributeSchema
from reseen.data.person import PersonImage
from reseen.descriptors.calibration import EVIDENCE, Calibration
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.search.gallery.adding import insert
from reseen.search.gallery.deleting import deletion, exports
from reseen.search.gallery.deleting.receipt import Receipt
from reseen.search.gallery.finding.filters import Criteria, Filter, attribute_conditions, other_than
from reseen.search.gallery.finding.results import Results
from reseen.search.gallery.finding.searcher import EMPTY, Searcher
from reseen.search.gallery.finding.sought import Sought, wanted_of
from reseen.search.gallery.finding.vectors import Resident
from reseen.search.gallery.keeping import beside
from reseen.search.gallery.keeping.files import BusyError
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.rows import Newcomers
from reseen.search.gallery.keeping.store import Store, table_name
from reseen.search.search import Match, judged
from reseen.search.where import AttributeFilter


class Gallery:
    """Descriptors, attributes and pictures of persons in a folder. Several processes may use it at once.

    What `add` has returned for survives a process that is killed. One model's rows are searched; `open` one, and close
    it or use it in a ``with`` statement.

    Attributes:
        place: The folder's path, or its address in object storage.
    """

    def __init__(self, store: Store) -> None:
        self.place = store.place
        self._open: Store | None = store
        self._searcher = Searcher(store)
        self._layouts: dict[str, Layout] = {}

    @classmethod
    def open(cls, path: Path | str) -> Gallery:
        """Opens a gallery, and makes it if the folder is missing or empty.

        Args:
            path: The folder, or an address such as ``s3://bucket/folder`` (extra ``storage``).

        A deletion that was killed before it was through is finished first.

        Raises:
            ReseenError: If the path is something else, or cannot be read.
        """
        if not isinstance(path, (str, Path)) or not str(path):
            raise ReseenError(f"name a gallery's folder, not {path!r}")
        store = Store(path)
        if deletion.begun(store):
            with (
                suppress(BusyError),
                store.writing(patient=False),
            ):  # who is deleting does it, not waited for
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

    @property
    def held(self) -> Resident | None:
        """What searches look at, as it is now, if it is in memory; None if it would have to be read."""
        return self._searcher.held()

    @property
    def layout(self) -> Layout | None:
        """Model and attributes of the rows that are searched, or None as long as nothing was added."""
        return self._searched()[1]

    def _searched(self) -> tuple[str, Layout | None]:
        """Returns the name of the table that is searched, and its layout: what another model's has is another's."""
        name = self.store.settings()["current"]
        if name and name not in self._layouts:
            with self.store.told():
                self._layouts[name] = Layout.read(self.store.table(name).schema)
        return name, self._layouts.get(name)

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes that ``where`` can ask for, or None."""
        return self.layout.schema if self.layout is not None else None

    @property
    def calibration(self) -> Calibration | None:
        """What the searched model's distances mean: `Embedder.calibration`, which is kept beside its rows."""
        return beside.calibration(self.store, self.store.settings()["current"])

    @calibration.setter
    def calibration(self, calibration: Calibration) -> None:
        beside.keep_calibration(self.store, self.layout, calibration)

    # --- adding -----------------------------------------------------------------------------------------------

    def add(
        self,
        embeddings: Embeddings,
        *,
        schema: AttributeSchema | None = None,
        seconds: ArrayLike | None = None,
        tracks: ArrayLike | None = None,
        source: str = "",
        pictures: Sequence[bytes | None] | None = None,
        hashes: Sequence[str] | None = None,
        copy: bool = False,
        again: bool = False,
    ) -> int:
        """Adds rows. What is there already, by its content, is passed over, so the same call may be repeated.

        Args:
            embeddings: Descriptors, with or without paths and attributes. The first ones decide on the model.
            schema: The attributes' classes: ``embedder.schema``. See `Layout.of` for what holds without.
            seconds: (N,) or one number, when the pictures were taken: since 1970, or since a recording began. NaN
                where nobody knows.
            tracks: (N,) or one number, the track that each belongs to.
            source: Where all of them come from, such as a video's name.
            pictures: N encoded images to keep, or None where there is none.
            hashes: N hashes of the pictures (`content_hash`), where these have been read already and lie elsewhere.
            copy: Whether to read the pictures at ``embeddings.paths`` and keep them; else only the paths are kept.
            again: Whether to add also what was deleted from this gallery.

        Returns:
            How many rows are new.

        Raises:
            ReseenError: If the embeddings are of another model or have other attributes, if some of them were
                deleted before, or if something cannot be read or written.
        """
        newcomers = Newcomers(
            embeddings, seconds=seconds, tracks=tracks, source=source, pictures=pictures, ids=hashes, copy=copy
        )
        if not len(embeddings):
            return 0
        with self.store.writing():
            deletion.finish(self.store)
            layout = self.layout
            if layout is None:
                layout = Layout.of(embeddings, schema)
                name = table_name(embeddings.model)
                self.store.make(name, layout.arrow())
                self.store.note(current=name)
            else:
                layout.check(embeddings, schema)
            return insert(self.store, self.store.settings()["current"], newcomers, layout, again=again)

    # --- searching --------------------------------------------------------------------------------------------

    def search(
        self,
        features: Embeddings | ArrayLike | None = None,
        top: int = 10,
        cameras: int | Iterable[int] | None = None,
        since: float | None = None,
        until: float | None = None,
        where: str | AttributeFilter = "",
        *,
        unlike: Embeddings | ArrayLike | None = None,
        soft: bool = False,
        exclude: tuple[int, int] | None = None,
        rerank: bool = False,
        exact: bool = False,
        only_evidence: bool = False,
        expected: float | None = None,
        query_camera: int | None = None,
        calibration: Calibration | None = None,
    ) -> Results:
        """Finds persons by pictures, by attributes, or by both, among the rows that pass all filters.

        Filters are applied inside the search: whatever else is nearer, the nearest that pass are found. Without a
        picture, those with the attributes come in the order of their joint probability.

        Args:
            features: One picture's descriptor or several pictures': `Embeddings`, (D,) or (n, D); or None.
            top: At most so many.
            cameras: Only these.
            since: Only from this second on.
            until: Only up to this second.
            where: Required attributes, such as ``gender=male and backpack=yes``.
            unlike: Pictures of whom the person is not; see `Sought.point`.
            soft: Without a picture: also rows whose attributes contradict ``where``, as the last ones.
            exclude: (pid, camera) of rows that must not be found: the query's own, under its own camera.
            rerank: Order the nearest 200 by k-reciprocal encoding among themselves; see `ReRanking`.
            exact: With a picture: compare every row, however many there are and long it takes, so that none is missed.
            only_evidence: Leave out who is rather not the same person, which may be everybody.
            expected: How many pictures of the person the gallery is thought to hold, on which the probabilities
                depend; by default as many as when the model was calibrated.
            query_camera: If the gallery's cameras are those that the model was calibrated on.
            calibration: The model's; by default the one that the gallery keeps.

        Returns:
            The matches, best first, and whether every row was compared; empty if nobody passes the filters.

        Raises:
            ReseenError: If the gallery is empty, nothing is searched for, or something has the wrong type.
        """
        rows = Criteria(cameras=cameras, since=since, until=until).filter()
        if isinstance(top, bool) or not isinstance(top, (int, np.integer)) or top < 1:
            raise ReseenError(f"top must be a whole number of at least 1, got {top!r}")
        if only_evidence and features is None:
            raise ReseenError("evidence of the same person needs a query picture: give one, or leave it out")
        name, layout = self._searched()
        if layout is None:
            raise ReseenError(EMPTY)
        wanted = wanted_of(where, layout)
        if exclude is not None:
            rows = Filter((*rows.conditions, other_than(*exclude)))
        if wanted is not None and not soft:
            assert layout.schema is not None
            rows = Filter((*rows.conditions, *attribute_conditions(wanted, layout.schema)))
        if features is None:
            if wanted is None:
                raise ReseenError("nothing to search for: give a query picture, attributes, or both")
            return self._searcher.by_attributes(name, wanted, layout, rows, top)
        if soft:
            raise ReseenError("soft ranks by attributes alone; with a picture, where leaves out who contradicts it")
        like = layout.query(features)
        sought = Sought(like, like[:0] if unlike is None else layout.query(unlike))
        if calibration is None:
            calibration = beside.calibration(self.store, name)
        if calibration is None and only_evidence:
            raise ReseenError(
                f"nobody knows where the evidence ends: the model of {self.place} has no calibration; "
                "make one with reseen calibrate, and set gallery.calibration"
            )
        found = self._searcher.by_picture(name, sought, wanted, layout, rows, top, rerank=rerank, exact=exact)
        if calibration is None:
            return found
        apart = sought.of_pairs(np.array([match.distance for match in found]))
        matches = judged(found, calibration, len(self), expected=expected, camera=query_camera, distances=apart)
        if only_evidence:
            matches = tuple(match for match in matches if (match.probability or 0) >= EVIDENCE)
        return replace(found, matches=matches)

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

    # --- deleting ---------------------------------------------------------------------------------------------

    def delete(
        self,
        *,
        cameras: int | Iterable[int] | None = None,
        pids: int | Iterable[int] | None = None,
        since: float | None = None,
        until: float | None = None,
        paths: str | Iterable[str] | None = None,
        sources: str | Iterable[str] | None = None,
    ) -> int:
        """Deletes rows for good: from every model's table, with pictures, index entries and old versions.

        All that is said must hold of a row: ``cameras=3, until=60`` deletes what camera 3 saw in the first minute. What
        was deleted is added again only if that is asked for; a hash of each is kept to know it.

        Args:
            cameras: Taken by these.
            pids: Of these persons.
            since: From this second on.
            until: Up to this second.
            paths: With these paths.
            sources: Added from these.

        Returns:
            How many rows are gone.

        Raises:
            ReseenError: If nothing is said, something has the wrong type, or the disk fails.
        """
        chosen = Criteria(cameras=cameras, pids=pids, since=since, until=until, paths=paths, sources=sources).filter()
        if not chosen:
            raise ReseenError("say what to delete: cameras, pids, since, until, paths or sources")
        return self.remove(chosen).rows

    def remove(self, chosen: Filter, *, scan: bool = False) -> Receipt:
        """Deletes the rows that pass a filter as `delete` does, and says what that took.

        Args:
            chosen: Which; every row if it is empty.
            scan: Whether to look for them in every byte afterwards.
        """
        return self._delete(chosen.sql(), sources=chosen.whole("source"), scan=scan)

    def count(self, criteria: Criteria | None = None) -> int:
        """Returns how many rows `delete` would take away; without criteria, how many there are.

        Raises:
            ReseenError: If something has the wrong type.
        """
        chosen = Filter() if criteria is None else criteria.filter()
        with self.store.told():
            table = self.store.current()
            return 0 if table is None else int(table.count_rows(chosen.sql() if chosen else None))

    @property
    def retention(self) -> float:
        """After so many days rows may be deleted by `expire`."""
        return float(self.store.settings()["retention_days"])

    @retention.setter
    def retention(self, days: float) -> None:
        if isinstance(days, bool) or not isinstance(days, (int, float)) or not (math.isfinite(days) and days > 0):
            raise ReseenError(f"the retention is a number of days above 0, not {days!r}")
        with self.store.writing():
            self.store.note(retention_days=float(days))

    def expire(self, now: float | None = None, *, scan: bool = False) -> Receipt:
        """Deletes everything older than the retention, by when it was taken or, if that is unknown, added.

        Args:
            now: Seconds since 1970; the present by default.
            scan: Whether to look for it in every byte afterwards.
        """
        return self._delete(deletion.expired(self.retention, time.time() if now is None else now), scan=scan)

    def _delete(self, sql: str, *, sources: Iterable[str] = (), scan: bool = False) -> Receipt:
        with self.store.writing():
            deletion.finish(self.store)
            self._searcher.forget()  # the table is copied, for which there is room then
            gone = deletion.delete(self.store, sql, sources=sources, scan=scan)
        self._searcher.forget()  # what is deleted is not kept in memory either
        return gone
