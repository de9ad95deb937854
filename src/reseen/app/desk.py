"""What all requests share: the gallery, its model, and what the application keeps."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from reseen.app.choosing import Choices
from reseen.app.settings import Settings, state_folder
from reseen.app.state import State
from reseen.app.state.searches import Record
from reseen.app.state.users import User
from reseen.app.web.door import Door
from reseen.app.web.problems import missing
from reseen.app.words import is_sensitive
from reseen.data.attributes import AttributeSchema
from reseen.data.person import UNKNOWN_CAMERA, PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.files import locked
from reseen.models import checkpoint
from reseen.models.backends.device import device_of
from reseen.models.embedder import Embedder
from reseen.search.gallery import Gallery
from reseen.search.gallery.finding.filters import Filter, OneOf
from reseen.search.gallery.overview import Overview, matches_by_id
from reseen.search.search import Match

SENSITIVE = "sensitive attributes"
"""The switch for attributes that say how old somebody looks, and of which gender."""


class Desk:
    """An open gallery with its model. Threads share it; another process that would serve the same is refused.

    Attributes:
        settings: As it was started.
        state: Searches, jobs, users, audit trail.
        door: Who may come in.
        gallery: The gallery.
        choices: Whom pictures of several people show.
        embedder: Its model; use `embed`, which lets one thread at a time compute.

    Raises:
        ReseenError: If gallery, checkpoint or token cannot be read, do not belong together, or are served already.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        folder = state_folder(settings.gallery)

        def busy() -> None:
            raise ReseenError(f"{settings.gallery} is served by another process already; end that one first")

        with ExitStack() as opened:
            opened.enter_context(locked(folder, busy))  # before anything of another one's jobs and deletions is touched
            self.state = State(folder)
            opened.callback(self.state.close)
            self.door = Door(settings, self.state)
            self.choices = Choices(settings.detector)
            self.gallery = Gallery.open(settings.gallery)
            opened.callback(self.gallery.close)
            self.embedder: Embedder = checkpoint.load(settings.checkpoint, device=device_of(settings.device))
            self.embedder.settle()
            self.computing = threading.Lock()
            self._overview: Overview | None = None
            self._check_model()
            self._opened = opened.pop_all()

    def _check_model(self) -> None:
        layout = self.gallery.layout
        if layout is not None and layout.like.model not in ("", self.embedder.digest):
            raise ReseenError(
                f"{self.settings.gallery} was made by model {layout.like.model[:12]}, {self.settings.checkpoint} is "
                f"{self.embedder.digest[:12]}: name the gallery's model, or reseen gallery reindex it"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def embed(self, pictures: Sequence[PersonImage]) -> Embeddings:
        with self.computing:
            return self.embedder.embed(pictures)

    def overview(self) -> Overview:
        """Returns what is known of all rows, as they are now."""
        self._overview = Overview.of(self.gallery, self._overview)
        return self._overview

    def camera_name(self, camera: int) -> str:
        """Returns what operators call a camera, else what those do who added its pictures; empty if nobody does."""
        if name := self.state.cameras[camera].name:
            return name
        if camera == UNKNOWN_CAMERA:
            return "unknown"
        return (self._overview or self.overview()).called.get(camera, "")[:60]  # as long as operators' names may be

    def schema(self) -> AttributeSchema | None:
        """Returns the attributes that are shown and asked for, or None."""
        schema = self.gallery.schema
        if schema is None or self.state.switches[SENSITIVE]:
            return schema
        return AttributeSchema(schema.name, tuple(each for each in schema if not is_sensitive(each.name)))

    def rows(self, user: User) -> Filter:
        """Returns which rows somebody may see."""
        return Filter() if user.cameras is None else Filter((OneOf("camera", tuple(sorted(user.cameras))),))

    def matches(self, user: User, ids: Sequence[str]) -> dict[str, Match]:
        """Returns rows that are there and that somebody may see, by id."""
        found = matches_by_id(self.gallery, ids)
        return {one: match for one, match in found.items() if user.cameras is None or match.camid in user.cameras}

    def hidden(self, user: User, ids: Sequence[str]) -> set[str]:
        """Returns which of these rows are there, but not somebody's to see."""
        if user.cameras is None:
            return set()
        return {one for one, match in matches_by_id(self.gallery, ids).items() if match.camid not in user.cameras}

    def match(self, user: User, one: str) -> Match:
        """Returns a row.

        Raises:
            HTTPException: 404 if it is not there, or not theirs to see.
        """
        try:
            return self.matches(user, [one])[one]
        except (KeyError, ReseenError):
            raise missing(f"row {one[:32]}") from None

    def record(self, user: User, one: str) -> Record:
        """Returns a search: one's own, or anybody's to those who oversee.

        Raises:
            HTTPException: 404 if it is not there, or not theirs to see.
        """
        record = self.state.searches.get(one)
        if record is None or not user.may_see(record.who):
            raise missing(f"search {one[:32]}")
        return record

    def picture(self, user: User, reference: str) -> PersonImage:
        """Returns a picture by its reference: ``row:ID``, ``query:SEARCH.PLACE``, or `Candidate.reference` of a crop.

        Raises:
            HTTPException: 404 if it is not there any more, or not theirs to see.
        """
        kind, _, name = reference.partition(":")
        if kind == "row":
            try:
                return self.gallery.picture(self.match(user, name))
            except ReseenError:
                raise missing(f"picture of row {name[:32]}") from None
        search, _, place = name.partition(".")
        if kind == "crop" and place.isdecimal() and len(place) < 4:
            crop = self.choices.crop(user, search, int(place))
            if crop is not None:
                return PersonImage(crop)
        if kind == "query" and place.isdecimal() and len(place) < 4:
            queries = self.record(user, search).queries
            if int(place) < len(queries):
                query = queries[int(place)]
                if query.row:
                    return self.picture(user, f"row:{query.row}")
                if query.picture is not None:
                    return PersonImage(query.picture)
        raise missing(f"picture {reference[:64]}")

    @property
    def uploads(self) -> Path:
        """Where pictures lie until they are added."""
        return self.state.folder / "uploads"

    @property
    def incoming(self) -> Path:
        """Where files lie while the rest of them is coming."""
        return self.state.folder / "incoming"
