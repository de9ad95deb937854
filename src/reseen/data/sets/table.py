"""A user's own images: a folder, a folder a person, or a CSV or Parquet table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reseen.data.attributes import AttributeSchema
from reseen.data.images.source import Entry, Folder, open_folder
from reseen.data.names import CAMERA, MARKET_NAME, compile_pattern
from reseen.data.person import DISTRACTOR_PID, UNKNOWN_PID, PersonImage, Split
from reseen.data.sets.table_columns import encode_columns, numbers_of, read_columns
from reseen.errors import ReseenError

Part = Literal["train", "query", "gallery"]

PARTS: Mapping[str, Part] = {"train": "train", "query": "query", "gallery": "gallery", "test": "gallery"}
"""Part by what users call it."""
TABLE_SUFFIXES = frozenset({".csv", ".parquet"})

TERMS = "The user's own images; reseen knows no terms for them."
_UNKNOWN = frozenset({"", str(UNKNOWN_PID)})
"""What stands in the column of persons where nobody knows who it is."""
_DIGITS = 18
"""That a number can have to be an id: such numbers, and sums of a few, fit into 64 bits."""
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
    - **A folder or zip of images.** Names that start like Market-1501's, ``12_c3``, give person and camera;
      other images are of nobody known (pid -1).
    - **A folder with one folder a person**, whose name is the person's; ``c3`` in the names is the camera.

    - **A folder or zip with a pattern**, laid on the start of every image's name, whatever folder it lies in.

    A folder may hold folders ``train``, ``query`` and ``gallery`` (or ``test``), each like one of the last two.
    Persons and cameras with names instead of numbers are numbered from 1 in the order of their names; any text or
    number is a person's id but an empty cell and -1, which mean that nobody knows who it is.

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
    pids, pid_notes = _pids(rows)
    camids, camid_notes = _camids(rows)
    parts: dict[Part, list[PersonImage]] = {"train": [], "query": [], "gallery": []}
    for row, pid, camid in zip(rows, pids, camids, strict=True):
        image = PersonImage(
            row.entry.path,
            pid,
            camid,
            row.attributes,
            archive=row.entry.archive,
            seconds=row.seconds,
            track=row.track,
            source=row.source,
        )
        parts[row.part].append(image)
    return Split(
        name="table",
        train=tuple(parts["train"]),
        query=tuple(parts["query"]),
        gallery=tuple(parts["gallery"]),
        schema=schema,
        terms=TERMS,
        notes=(*pid_notes, *camid_notes),
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
        match = re.match(MARKET_NAME, entry.name)
        person, camera = match.groups() if match else ("", "")
        yield _Row(entry, part, _DISTRACTOR if _plain(person) == str(DISTRACTOR_PID) else person, camera)
    for child in folder.folders():
        if child.archive != folder.archive:  # a zip among the images is not a person
            continue
        for entry in child.all_images():
            match = CAMERA.search(entry.name)
            yield _Row(entry, part, child.name, match[1] if match else "")


def _pids(rows: Sequence[_Row]) -> tuple[list[int], list[str]]:
    """Returns the person ids and what has to be said about them.

    Persons whose ids are all numbers above 0, of 18 digits at most, keep them; else all are numbered from 1 in the
    order of their names.
    """
    people = {_plain(row.person) for row in rows} - _UNKNOWN - {_DISTRACTOR}
    number_of = _numbers(people)
    reserved = dict.fromkeys(_UNKNOWN, UNKNOWN_PID) | {_DISTRACTOR: DISTRACTOR_PID}
    pid_of = number_of | reserved
    pids = [pid_of[_plain(row.person)] for row in rows]
    notes = []
    if any(str(number) != name for name, number in number_of.items()):
        first = min(number_of, key=number_of.__getitem__)
        notes.append(f"persons have names of their own and are numbered here: {first!r} is pid {number_of[first]}, …")
    if unknown := pids.count(UNKNOWN_PID):
        notes.append(f"{unknown:,} images without a person id (pid {UNKNOWN_PID})")
    if distractors := pids.count(DISTRACTOR_PID):
        notes.append(f"{distractors:,} images named like Market-1501's distractors (pid {DISTRACTOR_PID})")
    return pids, notes


def _camids(rows: Sequence[_Row]) -> tuple[list[int], list[str]]:
    """Returns the camera ids and what has to be said about them."""
    number_of = _numbers({_plain(row.camera) for row in rows} - {""})
    own = itertools.count(max(number_of.values(), default=0) + 1)
    camids = [number_of[_plain(row.camera)] if row.camera else next(own) for row in rows]
    alone = sum(not row.camera for row in rows)
    if not alone:
        return camids, []
    which = "every image" if alone == len(rows) else f"each of the {alone:,} images without one"
    return camids, [f"no camera ids: {which} counts as its own camera"]


def _plain(name: str) -> str:
    """Returns numbers without leading zeros, other names as they are; a number too long for an id is a name."""
    return str(int(name)) if re.fullmatch(rf"-?[0-9]{{1,{_DIGITS}}}", name) else name


def _numbers(names: set[str]) -> dict[str, int]:
    """Returns a number by name: its own if all are numbers above 0 of fair length, else counted in the names' order."""
    if all(name.isascii() and name.isdigit() and len(name) <= _DIGITS and int(name) > 0 for name in names):
        return {name: int(name) for name in names}
    return {name: number for number, name in enumerate(sorted(names), 1)}
