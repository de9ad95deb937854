"""A gallery that is kept: the one object through which persons are added, found and deleted."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from reseen.data.attributes import AttributeSchema
from reseen.data.person import UNKNOWN_CAMERA
from reseen.descriptors.calibration import EVIDENCE, Calibration
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.search.gallery.adding import Admitted, insert
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.deleting.receipt import Receipt, undeleted_lines
from reseen.search.gallery.finding.filters import Criteria, Filter, attribute_conditions, other_than
from reseen.search.gallery.finding.results import Results
from reseen.search.gallery.finding.searcher import EMPTY
from reseen.search.gallery.finding.sought import Sought, wanted_of
from reseen.search.gallery.keeping import beside
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.rows import Newcomers
from reseen.search.gallery.keeping.store import table_name
from reseen.search.gallery.opened import Opened
from reseen.search.search import judged
from reseen.search.where import AttributeFilter


class Gallery(Opened):
    """Descriptors, attributes and pictures of persons in a folder. Several processes may use it at once.

    What `add` has returned for survives a process that is killed. One model's rows are searched; `open` one, and close
    it or use it in a ``with`` statement.

    Attributes:
        place: The folder's path, or its address in object storage.
    """

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
        copy: bool = False,
        again: bool = False,
    ) -> int:
        """Adds rows. What is there already, by its content, is passed over, so the same call may be repeated.

        Args:
            embeddings: Descriptors, with or without paths and attributes. The first ones decide on the model.
            schema: The attributes' classes: ``embedder.schema``. See `Layout.of` for what holds without.
            seconds: (N,) or one number, when the pictures were taken: since 1970, or since a recording began. NaN
                where nobody knows. This, tracks and source are by default what the embeddings say.
            tracks: (N,) or one number, the track that each belongs to.
            source: Where all of them come from, such as a video's name.
            pictures: N encoded images to keep, or None where there is none.
            copy: Whether to read the pictures at ``embeddings.paths`` and keep them; else only the paths are kept.
            again: Whether to add also what was deleted from this gallery: else it is left out, with a warning.

        Returns:
            How many rows are new.

        Raises:
            ReseenError: If the embeddings are of another model or have other attributes, if all from their source was
                deleted before, or if something cannot be read or written.
        """
        newcomers = Newcomers(embeddings, seconds=seconds, tracks=tracks, source=source, pictures=pictures, copy=copy)
        admitted = self.admit(newcomers, schema=schema, again=again)
        if note := admitted.note(self.place):
            warnings.warn(note, ReseenWarning, stacklevel=2)
        return admitted.new

    def admit(self, newcomers: Newcomers, *, schema: AttributeSchema | None = None, again: bool = False) -> Admitted:
        """Adds rows as `add` does, and tells how many were left out.

        Args:
            newcomers: The rows.
            schema: See `add`.
            again: See `add`.
        """
        embeddings = newcomers.embeddings
        if not len(embeddings):
            return Admitted()
        with self.store.writing():
            deletion.finish(self.store)
            searched = self.store.searched()
            if searched is None:
                name, layout = table_name(embeddings.model), Layout.of(embeddings, schema)
                self.store.make(name, layout.arrow())
                self.store.search_in(name)
            else:
                name, layout = searched.name, searched.layout
                layout.check(embeddings, schema)
            return insert(self.store, name, newcomers, layout, again=again)

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
            exclude: (pid, camera) of rows that must not be found: the query's own, under its own camera; none if
                that is unknown.
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
        by_picture = {
            "evidence of the same person": only_evidence,
            "re-ranking": rerank,
            "a picture of whom it is not": unlike is not None,
        }
        for what, asked in by_picture.items():
            if asked and features is None:
                raise ReseenError(f"{what} needs a query picture: give one, or leave it out")
        searched = self.store.searched()
        if searched is None:
            raise ReseenError(EMPTY)
        layout = searched.layout
        wanted = wanted_of(where, layout)
        if exclude is not None and exclude[1] != UNKNOWN_CAMERA:
            rows = Filter((*rows.conditions, other_than(*exclude)))
        if wanted is not None and not soft:
            assert layout.schema is not None
            rows = Filter((*rows.conditions, *attribute_conditions(wanted, layout.schema)))
        if features is None:
            if wanted is None:
                raise ReseenError("nothing to search for: give a query picture, attributes, or both")
            return self._searcher.by_attributes(searched, wanted, rows, top)
        if soft:
            raise ReseenError("soft ranks by attributes alone; with a picture, where leaves out who contradicts it")
        like = layout.query(features)
        sought = Sought(like, like[:0] if unlike is None else layout.query(unlike))
        if calibration is None:
            calibration = beside.calibration(self.store, searched.name)
        if calibration is None and only_evidence:
            raise ReseenError(
                f"nobody knows where the evidence ends: the model of {self.place} has no calibration; "
                "make one with reseen calibrate, and search with that checkpoint, or set gallery.calibration"
            )
        found = self._searcher.by_picture(searched, sought, wanted, rows, top, rerank=rerank, exact=exact)
        if calibration is None:
            return found
        apart = sought.of_pairs(np.array([match.distance for match in found]))
        matches = judged(found, calibration, len(self), expected=expected, camera=query_camera, distances=apart)
        if only_evidence:
            matches = tuple(match for match in matches if (match.probability or 0) >= EVIDENCE)
        return replace(found, matches=matches)

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
        made = self.remove(chosen)
        for line in undeleted_lines(made.undeleted):
            warnings.warn(line, ReseenWarning, stacklevel=2)
        return made.rows

    def remove(self, chosen: Filter, *, scan: bool = False) -> Receipt:
        """Deletes the rows that pass a filter as `delete` does, and says what that took.

        Args:
            chosen: Which; every row if it is empty.
            scan: Whether to look for them in every byte afterwards.
        """
        return self._delete(chosen.sql(), sources=chosen.whole("source"), scan=scan)

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
