"""People from a video, or from pictures of several people, into a gallery."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from reseen.data.images.reference import absolute
from reseen.data.images.source import open_folder
from reseen.data.person import PersonImage
from reseen.errors import ReseenError, ReseenWarning
from reseen.ingest.crops import Crop, best_of, make_crop, wholeness
from reseen.ingest.detectors.detector import PersonDetector, pixels_of
from reseen.ingest.journal import Journal, journal_of
from reseen.ingest.people import People, Pixels
from reseen.ingest.tracker import ByteTrack
from reseen.ingest.tracks import follow
from reseen.ingest.video import Frame, Video, is_video
from reseen.progress import Progress
from reseen.search.gallery import Gallery
from reseen.search.gallery.adding import Admitted
from reseen.search.gallery.keeping.rows import Newcomers, content_hash
from reseen.search.gallery.reindex import Embeds

_SURE = 0.5
"""Confidence of persons in pictures; in a video, the tracker decides."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How people are taken from a video or from pictures.

    Attributes:
        camera: Which camera's it is.
        start: When the first frame, or every picture, was taken: seconds since 1970. None if nobody knows; frames then
            count from the first one, and pictures have no time.
        rate: Frames a second that are looked at.
        keep: Crops of a track, at most.
        smallest: Height in pixels of the lowest person.
    """

    camera: int
    start: float | None = None
    rate: float = 5.0
    keep: int = 4
    smallest: int = 48

    def __post_init__(self) -> None:
        for name, least in (("rate", 0.0), ("keep", 0), ("smallest", 0)):
            if not getattr(self, name) > least:
                raise ReseenError(f"{name} must be above {least:g}, got {getattr(self, name)!r}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was found.

    Attributes:
        number: Of their track, or of the picture they are in, from 1.
        first: The second they are first seen in.
        last: The second they are last seen in.
        crops: Their best ones.
    """

    number: int
    first: float
    last: float
    crops: tuple[Crop, ...]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of it.

    Attributes:
        people: Everybody who was found this time: tracks of a video, or persons in pictures.
        added: How many rows are new in the gallery.
        deleted: How many crops were left out, as they were deleted from it before.
        note: What a reader of these numbers should know.
    """

    people: tuple[Person, ...]
    added: int
    deleted: int = 0
    note: str = ""


def ingest(
    place: Path,
    gallery: Gallery,
    embedder: Embeds,
    detector: PersonDetector,
    settings: Settings,
    *,
    source: str = "",
    name: str = "",
    again: bool = False,
    batch: int = 128,
    progress: Progress | None = None,
) -> Ingested:
    """Finds the people in a video, or in the pictures of a folder or zip, and adds their best crops to a gallery.

    In a video they are followed, and a few crops of each track are kept. Pictures that cannot be read are passed over
    and counted, and so is what the gallery has, or was told to delete. If it is killed, the same call goes on where it
    was: the detector does not look at a frame twice.

    Args:
        place: A video, a folder or a zip.
        gallery: Where they are added.
        embedder: The gallery's model.
        detector: Finds persons.
        settings: What else there is to say.
        source: What the rows say they come from; the absolute path by default.
        name: What crops of a video say they are cut out of; the absolute path by default.
        again: Whether to do again what was done before, and to add also what was deleted.
        batch: Crops embedded and added at once; of pictures, no more are looked at before they are noted as done.
        progress: Told how many frames or pictures are done.

    Raises:
        ReseenError: If something cannot be read, the gallery is another model's, or all from this source was deleted.
    """
    if not place.exists():
        raise ReseenError(f"{place} does not exist; name a video, a folder of pictures or a zip")
    layout = gallery.layout
    if layout is not None:
        layout.check(embedder.embed([]), embedder.schema)  # before hours of looking for people
    work = _Work(gallery, embedder, settings, source or str(place.resolve()), again, batch)
    if is_video(place):
        done = _from_video(Video(place), name or str(place.resolve()), work, detector, progress)
    else:
        done = _from_pictures(place, work, detector, progress)
    if told := work.admitted.note(gallery.place):
        warnings.warn(told, ReseenWarning, stacklevel=2)
    return done


@dataclass(slots=True)
class _Work:
    """Crops on their way into the gallery."""

    gallery: Gallery
    embedder: Embeds
    settings: Settings
    source: str
    again: bool
    batch: int
    admitted: Admitted = field(default_factory=Admitted)

    def add(self, crops: Sequence[tuple[Crop, str, float, float]]) -> None:
        """Embeds crops and adds them: each with the name of what it is cut out of, its second and its track."""
        if not crops:
            return
        own, names, seconds, tracks = zip(*crops, strict=True)
        made = self.embedder.embed([PersonImage(crop.picture, camid=self.settings.camera) for crop in own])
        newcomers = Newcomers(
            replace(made, paths=[reference(name, crop) for name, crop in zip(names, own, strict=True)]),
            seconds=seconds,
            tracks=tracks,
            source=self.source,
            pictures=[crop.picture for crop in own],
        )
        self.admitted += self.gallery.admit(newcomers, schema=self.embedder.schema, again=self.again)

    def done(self, people: Iterable[Person], note: str = "") -> Ingested:
        """Returns what came of it."""
        return Ingested(tuple(people), self.admitted.new, self.admitted.deleted, note)


def reference(name: str, crop: Crop) -> str:
    """Returns what a crop was cut out of, when and where, in the form of W3C's Media Fragments.

    Args:
        name: The video or picture.
        crop: The crop.
    """
    left, top, right, bottom = np.round(crop.box).astype(int)
    when = f"t={crop.seconds:.3f}&" if np.isfinite(crop.seconds) else ""
    return f"{name}#{when}xywh={left},{top},{right - left},{bottom - top}&confidence={crop.confidence:.2f}"


def _from_video(video: Video, name: str, work: _Work, detector: PersonDetector, progress: Progress | None) -> Ingested:
    settings = work.settings
    with video.path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    total = round(video.seconds * settings.rate)
    with journal_of(work.gallery.folder, content, detector.name, astuple(settings)) as journal:
        if "done" in (journal.records[-1] if journal.records else {}):
            if not work.again:
                return work.done((), f"{video.path} was added before, with the same settings; --again does it anew")
            journal.replace({})
        seen = _Seen(journal, detector, progress, total)
        known = {number for record in journal.records for number in record.get("added", ())}
        people: list[Person] = []
        waiting: list[tuple[Crop, str, float, float]] = []
        numbers: list[int] = []

        def add() -> None:
            work.add(waiting)
            journal.note({"added": numbers})
            waiting.clear()
            numbers.clear()

        for track in follow(video.frames(settings.rate), seen, ByteTrack(settings.rate), smallest=settings.smallest):
            person = Person(track.number, track.first, track.last, best_of(track.candidates.values(), settings.keep))
            people.append(person)
            if track.number not in known:
                start = settings.start or 0.0
                waiting += [(crop, name, start + crop.seconds, track.number) for crop in person.crops]
                numbers.append(track.number)
            if len(waiting) >= work.batch:
                add()
        add()
        journal.replace({"done": len(people)})
    return work.done(sorted(people, key=lambda person: person.number))


class _Seen:
    """A detector that does not look twice at what the journal says it has seen."""

    def __init__(self, journal: Journal, detector: PersonDetector, progress: Progress | None, total: int) -> None:
        self._journal, self._detector, self._progress, self._total = journal, detector, progress, total
        self._known: list[Any] = [record for record in journal.records if "boxes" in record]
        self._done = 0

    def __call__(self, frame: Frame) -> People:
        if self._done < len(self._known):
            record = self._known[self._done]
            people = People.of(record["boxes"], record["confidence"])
        else:
            people = self._detector.detect(frame.pixels)
            self._journal.note({"boxes": people.boxes.tolist(), "confidence": people.confidence.tolist()})
        self._done += 1
        if self._progress:
            self._progress(self._done, max(self._total, self._done))
        return people


def _from_pictures(place: Path, work: _Work, detector: PersonDetector, progress: Progress | None) -> Ingested:
    folder = open_folder(place)
    images = [PersonImage(entry.path, archive=entry.archive) for entry in folder.all_images()]
    if not images:
        if any(is_video(entry.path) for entry in folder.files()):
            raise ReseenError(f"{place} has videos but no pictures: add them one by one, each with its own --start")
        raise ReseenError(f"{place} has no pictures; name a folder or zip of pictures, or one video")
    settings = work.settings
    second = float("nan") if settings.start is None else settings.start
    with journal_of(work.gallery.folder, str(place.resolve()), detector.name, astuple(settings)) as journal:
        done = set() if work.again else {one for record in journal.records for one in record["pictures"]}
        skipped = 0
        unreadable: list[str] = []
        people: list[Person] = []
        waiting: list[tuple[Crop, str, float, float]] = []
        hashes: list[str] = []

        def add() -> None:
            work.add(waiting)
            journal.note({"pictures": hashes})
            waiting.clear()
            hashes.clear()

        for number, image in enumerate(images, 1):
            try:
                content = content_hash(image.read())
                pixels = None if content in done else pixels_of(image)
            except ReseenError as error:
                unreadable.append(str(error))
            else:
                if pixels is None:
                    skipped += 1
                else:
                    crops = _crops_in(pixels, detector, settings.smallest)
                    people += [Person(number, float("nan"), float("nan"), (crop,)) for crop in crops]
                    waiting += [(crop, absolute(image.name), second, float("nan")) for crop in crops]
                    hashes.append(content)
            if max(len(waiting), len(hashes)) >= work.batch:
                add()
            if progress:
                progress(number, len(images))
        add()
    notes = [f"{skipped:,} pictures were looked at before; --again does it anew"] if skipped else []
    if unreadable:
        notes.append(f"{len(unreadable):,} pictures were passed over, such as: {unreadable[0]}")
    return work.done(people, "\n".join(notes))


def _crops_in(pixels: Pixels, detector: PersonDetector, smallest: int) -> list[Crop]:
    """Returns a crop of everybody in a picture (H, W, 3) who is large enough."""
    people = detector.detect(pixels).sure(_SURE)
    whole = wholeness(people.boxes, (pixels.shape[0], pixels.shape[1]))
    tall = people.boxes[:, 3] - people.boxes[:, 1] >= smallest
    return [
        make_crop(
            pixels,
            people.boxes[row],
            seconds=float("nan"),
            confidence=float(people.confidence[row]),
            whole=float(whole[row]),
        )
        for row in np.flatnonzero(tall)
    ]
