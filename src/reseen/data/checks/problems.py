"""What can be wrong with a data set: each mistake is searched for on its own, and every case is named."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reseen.data.images.source import is_image
from reseen.data.person import UNKNOWN_CAMERA, PersonImage, Split
from reseen.errors import ReseenError
from reseen.progress import Progress

Location = tuple[Path | None, Path]
"""Archive, and path on disk or in the archive."""

_SHOWN = 5
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of mistake and all it was found in.

    Attributes:
        kind: ``missing``, ``unreadable``, ``duplicate name``, ``duplicate image``, ``image in both``,
            ``person in both`` or ``query without match``.
        message: What is wrong, with a count.
        items: Every path or person concerned.
    """

    kind: str
    message: str
    items: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = ", ".join(self.items[:_SHOWN])
        more = f" and {len(self.items) - _SHOWN:,} more" if len(self.items) > _SHOWN else ""
        return f"{self.message}: {shown}{more}" if self.items else self.message


class _Use(NamedTuple):
    """One place in a part where a picture is used."""

    place: Location
    pid: int
    trains: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What reading an image gave.

    Attributes:
        digest: Check sum and number of its bytes; empty if there is nothing to read.
        error: Why it cannot be decoded, or None.
    """

    digest: str
    error: str | None


def location(image: PersonImage) -> Location:
    """Returns where an image of a loaded data set lies."""
    assert isinstance(image.path, Path)
    return image.archive, image.path


def read_contents(split: Split, progress: Progress | None) -> dict[Location, Content]:
    """Reads and decodes every image once, on all cores."""
    images = list({location(image): image for images in split.parts().values() for image in images}.values())
    contents: dict[Location, Content] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(images), _CHUNK):
            chunk = images[start : start + _CHUNK]
            contents |= zip(map(location, chunk), pool.map(_read, chunk), strict=True)
            if progress:
                progress(start + len(chunk), len(images))
    return contents


def find_problems(split: Split, contents: Mapping[Location, Content]) -> list[Problem]:
    """Returns every kind of problem that was found."""
    copies = _copies(split, contents)
    found = (
        _unreadable(contents),
        _duplicate_names(split),
        _pictures_of_two_persons(copies),
        _pictures_in_both(copies),
        _shared_persons(split),
        _queries_without_match(split),
    )
    return [problem for problem in found if problem.items]


def count_copies(split: Split, contents: Mapping[Location, Content]) -> str:
    """Returns how many pictures lie here under several names, or nothing if none does.

    It is no mistake as such: two boxes drawn alike in one video frame are one picture of one person.
    """
    places = [{use.place for use in uses} for uses in _copies(split, contents)]
    several = [each for each in places if len(each) > 1]
    more = sum(len(each) - 1 for each in several)
    return f"{len(several):,} pictures lie here under several names: {more:,} copies, byte for byte" if several else ""


def _read(image: PersonImage) -> Content:
    digest = ""
    try:
        if image.archive is not None and image.archive.suffix == ".mat":
            return Content(_digest(image.open().tobytes()), None)
        data = image.read()
        digest = _digest(data)
        PersonImage(data).open()
    except ReseenError as error:
        return Content(digest, str(error))
    return Content(digest, None)


def _digest(data: bytes) -> str:
    return f"{zlib.crc32(data):08x}-{len(data)}"


def _unreadable(contents: Mapping[Location, Content]) -> Problem:
    bad = tuple(_path(place) for place, content in contents.items() if content.error is not None)
    return Problem("unreadable", f"{len(bad):,} {'image' if len(bad) == 1 else 'images'} cannot be read", bad)


def _duplicate_names(split: Split) -> Problem:
    """Finds names that are listed twice in a part, differ in case or suffix only, or are twice in a zip."""
    names = Counter(
        (part, image.archive, _stem(path).casefold())
        for part, images in split.parts().items()
        for image in images
        for path in [location(image)[1].as_posix()]
    )
    listed = {f"{part}: {stem}" for (part, _, stem), count in names.items() if count > 1}
    twice = tuple(sorted(listed | set(_twice_in_zip(split))))
    return Problem("duplicate name", f"{len(twice):,} names occur twice", twice)


def _twice_in_zip(split: Split) -> Iterator[str]:
    used = {location(image) for images in split.parts().values() for image in images}
    for archive in {archive for archive, _ in used if archive is not None and zipfile.is_zipfile(archive)}:
        with zipfile.ZipFile(archive) as opened:
            counts = Counter(opened.namelist())
        for name, count in counts.items():
            if count > 1 and (archive, Path(name)) in used:
                yield _path((archive, Path(name)))


def _stem(path: str) -> str:
    """Returns the path without image suffixes; there may be two, as in ``1488_c1s6_023021_00.jpg.jpg``."""
    while is_image(path):
        path = os.path.splitext(path)[0]
    return path


def _copies(split: Split, contents: Mapping[Location, Content]) -> list[list[_Use]]:
    """Returns all uses of each picture whose very bytes are used more than once."""
    uses: dict[str, list[_Use]] = defaultdict(list)
    for part, images in split.parts().items():
        for image in images:
            content = contents[location(image)]
            if content.error is None:
                uses[content.digest].append(_Use(location(image), image.pid, part == "train"))
    return [each for each in uses.values() if len(each) > 1]


def _pictures_of_two_persons(copies: list[list[_Use]]) -> Problem:
    items = _named(uses for uses in copies if len({use.pid for use in uses}) > 1)
    return Problem("duplicate image", f"{len(items):,} pictures belong to two persons", items)


def _pictures_in_both(copies: list[list[_Use]]) -> Problem:
    """Finds pictures that are searched for, or in, after they were trained on."""
    items = _named(uses for uses in copies if len({use.trains for use in uses}) > 1)
    return Problem("image in both", f"{len(items):,} pictures lie in training and test", items)


def _named(copies: Iterable[list[_Use]]) -> tuple[str, ...]:
    return tuple(" = ".join(sorted(_path(use.place) for use in uses)) for uses in copies)


def _shared_persons(split: Split) -> Problem:
    """Finds persons who are searched for after they were trained on.

    Where nobody is searched for (PETA's published splits share persons), it is for the data set's notes to say.
    """
    tested = {image.pid for image in (*split.query, *split.gallery)} if split.query else set()
    shared = sorted(pid for pid in tested & {image.pid for image in split.train} if pid > 0)
    return Problem("person in both", f"{len(shared):,} persons are in training and test", tuple(map(str, shared)))


def _queries_without_match(split: Split) -> Problem:
    """A match is an image of the same person in another camera."""
    cameras: dict[int, set[int]] = defaultdict(set)
    for image in split.gallery:
        if image.pid > 0:
            cameras[image.pid].add(image.camid)
    alone = tuple(
        _path(location(image))
        for image in split.query
        if not cameras[image.pid] - ({image.camid} - {UNKNOWN_CAMERA})  # nobody's own is never the query's
    )
    return Problem("query without match", f"{len(alone):,} queries have no match in another camera", alone)


def _path(place: Location) -> str:
    archive, path = place
    return f"{archive}:{path.as_posix()}" if archive else str(path)
