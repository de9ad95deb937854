"""Whom to look for, by a picture, by attributes in words, or by both; and who was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from reseen.data.attributes import AttributeSchema
from reseen.data.images.reference import image_of
from reseen.data.person import UNKNOWN_CAMERA, PersonImage
from reseen.descriptors.calibration import Calibration
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.cross_camera import own_camera
from reseen.search.gallery import Gallery, Results
from reseen.search.gallery.finding.filters import Criteria
from reseen.search.search import Match, search
from reseen.search.table import matches_table
from reseen.search.where import AttributeFilter, parse_where

if TYPE_CHECKING:
    from PIL import Image

    from reseen.models.embedder import Embedder


@dataclass(frozen=True, eq=False)
class Wanted:
    """Whom to look for, in a model's terms.

    Attributes:
        schema: The attributes the model predicts, or None.
        person: The query picture, or None for a search by attributes alone.
        descriptor: The query's, one row, or None.
        where: The required attributes, or None.
        calibration: The model's, from which matches get their probabilities, or None.
    """

    schema: AttributeSchema | None
    person: PersonImage | None
    descriptor: Embeddings | None
    where: AttributeFilter | None
    calibration: Calibration | None = None

    @property
    def pid(self) -> int | None:
        """The query's person id, if its name tells it."""
        return self.person.pid if self.person is not None and self.person.pid > 0 else None

    def find_in(self, gallery: Embeddings | Gallery, *, top: int = 10) -> Found:
        """Searches a gallery.

        A query whose name tells person and camera is not looked for in its own camera.

        Args:
            gallery: Where to search.
            top: At most this many matches.

        Raises:
            ReseenError: If the gallery is empty or of another model.
        """
        own = None
        if self.pid is not None and self.person is not None and self.person.camid != UNKNOWN_CAMERA:
            own = self.pid, self.person.camid
        if isinstance(gallery, Gallery):
            results = gallery.search(
                self.descriptor, top, where=self.where or "", exclude=own, calibration=self.calibration
            )
            left_out = 0 if own is None else gallery.count(Criteria(pids=own[0], cameras=own[1]))
            return Found(self, results, left_out, gallery.picture)
        matches = search(
            gallery,
            self.descriptor,
            schema=self.schema,
            where=self.where,
            top=top,
            exclude=own,
            calibration=self.calibration,
        )
        left_out = 0 if own is None else int(own_camera(gallery.pids, gallery.camids, *own).sum())
        return Found(self, Results(tuple(matches), exact=True, compared=len(gallery) - left_out), left_out)


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Attributes:
        wanted: Whom it looked for.
        matches: Best first, and whether every row was compared.
        left_out: How many pictures of the query's person by its own camera were passed over.
        picture_of: Returns a match's picture.
    """

    wanted: Wanted
    matches: Results
    left_out: int
    picture_of: Callable[[Match], PersonImage] = lambda match: image_of(match.path)

    @property
    def note(self) -> str:
        """How it was searched, exactly or by an index, and what was passed over, in words."""
        told, person = [self.matches.note], self.wanted.person
        if self.left_out and person is not None:
            whose = f"pictures of person {person.pid} by the query's own camera {person.camid}"
            told.append(f"{whose}, left out: {self.left_out:,}")
        return "\n".join(told)

    def table(self) -> Table:
        """Returns the matches as a table for the terminal."""
        wanted = self.wanted
        return matches_table(self.matches, schema=wanted.schema, where=wanted.where, query_pid=wanted.pid)

    def picture(self) -> Image.Image:
        """Draws the query and the matches.

        Raises:
            ReseenError: If a picture cannot be read.
        """
        from reseen.search.picture import matches_picture  # a search without a picture needs no matplotlib

        wanted = self.wanted
        return matches_picture(
            self.matches,
            wanted.person,
            schema=wanted.schema,
            where=wanted.where,
            query_pid=wanted.pid,
            picture_of=self.picture_of,
        )


def look_for(embedder: Embedder, person: PersonImage | None = None, where: str = "") -> Wanted:
    """Prepares a search by a picture, by attributes, or by both.

    Args:
        embedder: The model that made the gallery, or is to make it.
        person: The query picture.
        where: Required attributes, such as ``gender=male and backpack=yes``.

    Raises:
        ReseenError: If the picture cannot be read, or there are no such attributes.

    Example:
        >>> found = look_for(model, image_of("person.jpg"), "backpack=yes").find_in(gallery)  # doctest: +SKIP
    """
    if where and embedder.schema is None:
        raise ReseenError(f"where {where!r}: this model predicts no attributes; use one that does, such as AANet's")
    required = parse_where(where, embedder.schema) if where and embedder.schema else None
    descriptor = None if person is None else embedder.embed([person])
    return Wanted(embedder.schema, person, descriptor, required, embedder.calibration)
