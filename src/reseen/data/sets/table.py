"""A user's own images: a folder, a folder a person, or a CSV or Parquet table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reseen.data.attributes import AttributeSchema
from reseen.data.images.source import Entry, Folder, open_folder
from reseen.data.names import compile_pattern, concealed, number_of, told_by
from reseen.data.person import DISTRACTOR_PID, UNKNOWN_CAMERA, UNKNOWN_PID, PersonImage, Split
from reseen.data.sets.table_columns import encode_columns, numbers_of, read_columns
from reseen.errors import ReseenError

Part = Literal["train", "query", "gallery"]

PARTS: Mapping[str, Part] = {"train": "train", "query": "query", "gallery": "gallery", "test": "gallery"}
"""Part by what users call it."""
TABLE_SUFFIXES = frozenset({".csv", ".parquet"})

TERMS = "The user's own images; reseen knows no terms for them."
_UNKNOWN = ("", str(UNKNOWN_PID))
"""What stands where nobody knows which person or camera it is."""
_DISTRACTOR = "a distractor by its name in Market-1501"
"""Person of pictures named ``0000_c1…``, which Market-1501 counts as wrong answers."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One image as the user describes it; an empty person or camera is not known."""

    entry: Entry
    part: Part
    person: str = ""
    camera: str = ""
    attributes: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None
    track: int | None = None
    source: str = ""


def recognise(folder: Folder) -> bool:
    """Whether there are any images here."""
    return any(candidate.images() for candidate in folder.walk())


def load(root: Path, *, images: Path | None = None, part: Part = "gallery", pattern: str | None = None) -> Split:
    """Reads a user's own images.

    - **A table** (``.csv``, ``.parquet``) with columns ``image`` and, all optional, ``pid``, ``camid``, ``seconds``,
      ``track``, ``source`` and ``split`` (``train``, ``query``, ``gallery``); every other column is an attribute, an
      empty cell unknown.
    - **A folder or zip of images.** Names that start like Market-1501's, ``12_c3``, give person and camera, ``c3``
      elsewhere in them the camera; who or what is not told is not known (-1).
    - **A folder with one folder a person**, whose name is the person's; ``c3`` in the names is the camera.

    - **A folder or zip with a pattern**, laid on the start of every image's name, whatever folder it lies in.

    A folder may hold folders ``train``, ``query`` and ``gallery`` (or ``test``), each like one of the last two.
    An empty cell and -1 mean that nobody knows which person or camera it is; any other text or number tells one.
    Persons from 1 and cameras from 0 on keep their numbers; those with names get numbers after these, in the order of
    their names, and images keep the names, by which a gallery knows them again.

    Args:
        root: The table, folder or zip.
        images: The folder or zip that the table's paths start from; the table's own folder by default.
        part: Where images without a split belong.
        pattern: Regular expression for the names of a folder's images, with the named group ``pid`` and, both
            optional, ``camid`` and ``seconds``; see `reseen.data.names.COMMON`. A name it does not fit is of
            nobody known.

    Raises:
        ReseenError: If there are no images, the table makes no sense, or the pattern fits no name.
    """
    root = Path(root)
    if part not in ("train", "query", "gallery"):
        raise ReseenError(f"there is no part {part!r}; choose train, query or gallery")
    schema: AttributeSchema | None = None
    if root.suffix.lower() in TABLE_SUFFIXES:
        if pattern is not None:
            raise ReseenError("option pattern goes with a folder or zip: a table has columns pid and camid")
        rows, schema = _rows_of_table(root, open_folder(images or root.parent), part)
    elif images is not None:
        raise ReseenError("option images goes with a table: give the .csv or .parquet file as the data")
    else:
        rows = _rows_of_folder(open_folder(root), part, pattern)
    if not rows:
        raise ReseenError(f"no images (.jpg, .png, .webp, …) in {root}; name the folder or zip that has them")
    unknown = dict.fromkeys(_UNKNOWN, UNKNOWN_PID)
    pids, persons = _ids([row.person for row in rows], 1, unknown | {_DISTRACTOR: DISTRACTOR_PID})
    camids, cameras = _ids([row.camera for row in rows], 0, dict.fromkeys(_UNKNOWN, UNKNOWN_CAMERA))
    found = [
        PersonImage(
            row.entry.path,
            pid,
            camid,
            row.attributes,
            archive=row.entry.archive,
            seconds=row.seconds,
            track=row.track,
            source=row.source,
            person_name=concealed(person),
            camera_name=camera,
        )
        for row, pid, person, camid, camera in zip(rows, pids, persons, camids, cameras, strict=True)
    ]
    parts: dict[Part, list[PersonImage]] = {"train": [], "query": [], "gallery": []}
    for row, image in zip(rows, found, strict=True):
        parts[row.part].append(image)
    return Split(
        name="table",
        train=tuple(parts["train"]),
        query=tuple(parts["query"]),
        gallery=tuple(parts["gallery"]),
        schema=schema,
        terms=TERMS,
        notes=tuple(notes_on(found)),
    )


def _rows_of_table(path: Path, base: Folder, part: Part) -> tuple[list[_Row], AttributeSchema | None]:
    columns = read_columns(path)
    if "image" not in columns:
        raise ReseenError(f"{path} has no column 'image'; it has: {', '.join(columns)}")
    files = columns.pop("image")
    nothing = [""] * len(files)
    persons, cameras, places, sources = (columns.pop(name, nothing) for name in ("pid", "camid", "split", "source"))
    seconds, numbers = (numbers_of(columns.pop(name, nothing), name, path) for name in ("seconds", "track"))
    for number, (file, place) in enumerate(zip(files, places, strict=True), 1):
        if not file:
            raise ReseenError(f"{path}: row {number} names no image")
        if place and place.lower() not in PARTS:
            raise ReseenError(f"{path}: row {number} has split {place!r}, which is none of train, query, gallery")
        if (track := numbers[number - 1]) is not None and not track.is_integer():
            raise ReseenError(f"{path}: row {number} has track {track:g}: tracks have whole numbers")
    tracks = [None if number is None else int(number) for number in numbers]
    schema, labels = encode_columns(columns, len(files))
    entries = [Entry(base.path / file, base.archive) for file in files]
    parts = [PARTS[place.lower()] if place else part for place in places]
    columns_of_row = (entries, parts, persons, cameras, labels, seconds, tracks, sources)
    rows = [_Row(*values) for values in zip(*columns_of_row, strict=True)]
    return rows, schema


def _rows_of_folder(folder: Folder, part: Part, pattern: str | None) -> list[_Row]:
    folder = _innermost(folder)
    parts = {child: PARTS[child.name.lower()] for child in folder.folders() if child.name.lower() in PARTS}
    parts = parts or {folder: part}
    if pattern is None:
        return [row for child, own in parts.items() for row in _rows_of_part(child, own)]
    entries = [(entry, own) for child, own in parts.items() for entry in child.all_images()]
    return _rows_by_pattern(entries, compile_pattern(pattern))


def _rows_by_pattern(entries: Sequence[tuple[Entry, Part]], pattern: re.Pattern[str]) -> list[_Row]:
    matches = [pattern.match(entry.name) for entry, _ in entries]
    if entries and not any(matches):
        raise ReseenError(
            f"pattern {pattern.pattern!r} fits none of {len(entries):,} image names, such as {entries[0][0].name}; "
            "it is laid on the start of the name"
        )
    return [_row(entry, part, match) for (entry, part), match in zip(entries, matches, strict=True)]


def _row(entry: Entry, part: Part, match: re.Match[str] | None) -> _Row:
    found = match.groupdict() if match else {}
    try:
        seconds = float(found["seconds"]) if found.get("seconds") else None
    except ValueError:
        raise ReseenError(f"group seconds of the pattern is {found['seconds']!r} in {entry.name}: no number") from None
    return _Row(entry, part, found.get("pid") or "", found.get("camid") or "", seconds=seconds)


def _innermost(folder: Folder) -> Folder:
    """Goes down while there is nothing but one folder; on disk, one with images of its own is a person's."""
    while not folder.images() and len(children := folder.folders()) == 1:
        if children[0].name.lower() in PARTS or (children[0].archive is None and children[0].images()):
            break
        folder = children[0]
    return folder


def _rows_of_part(folder: Folder, part: Part) -> Iterator[_Row]:
    for entry in folder.images():
        person, camera = told_by(entry.name)
        yield _Row(entry, part, _DISTRACTOR if number_of(person) == DISTRACTOR_PID else person, camera)
    for child in folder.folders():
        if child.archive != folder.archive:  # a zip among the images is not a person
            continue
        for entry in child.all_images():
            yield _Row(entry, part, child.name, told_by(entry.name)[1])


def _ids(texts: Sequence[str], least: int, fixed: Mapping[str, int]) -> tuple[list[int], list[str]]:
    """Returns the ids of persons or cameras, and their names; empty for those that have none but their number.

    Args:
        texts: As the user calls each.
        least: Numbers from here on are ids; others, and those too long for one, are names.
        fixed: Ids that are given, by text.
    """
    texts = [text if (number := number_of(text)) is None else str(number) for text in texts]
    own = {text: number_of(text) for text in texts if text not in fixed}
    kept = {text: number for text, number in own.items() if number is not None and number >= least}
    names = sorted(own.keys() - kept)
    named = {name: number for number, name in enumerate(names, max(kept.values(), default=0) + 1)}
    id_of = {**fixed, **kept, **named}
    return [id_of[text] for text in texts], [text if text in named else "" for text in texts]


def notes_on(images: Sequence[PersonImage]) -> Iterator[str]:
    """Yields what has to be said about the ids of a user's own images."""
    for kind, names in (
        ("persons", {image.person_name for image in images if image.person_name}),
        ("cameras", {image.camera_name for image in images if image.camera_name}),
    ):
        if names:
            yield f"{kind} with names get numbers of our own: {len(names):,}"
    if unknown := sum(image.pid == UNKNOWN_PID for image in images):
        yield f"{unknown:,} images without a person id (pid {UNKNOWN_PID})"
    if distractors := sum(image.pid == DISTRACTOR_PID for image in images):
        yield f"{distractors:,} images named like Market-1501's distractors (pid {DISTRACTOR_PID})"
    if alone := sum(image.camid == UNKNOWN_CAMERA for image in images):
        which = "every image" if alone == len(images) else f"each of the {alone:,} images without one"
        yield f"no camera ids: {which} counts as its own camera"
