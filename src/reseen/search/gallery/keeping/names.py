"""Names that users give to persons and cameras, and the numbers that these have in a gallery, whenever they come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from reseen.data.names import concealed, id_or_name
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError, one_line
from reseen.search.gallery.keeping.store import Store

_FILE = "names.json"
_FIRST = 1_000_001
"""The first name's number: far from those by which users number their own persons and cameras."""
_READ = 65_536
"""Rows looked through at a time."""


@dataclass(frozen=True)
class Names:
    """Numbers by name; no number is given twice, not even after the first one's rows were deleted.

    Attributes:
        persons: Of persons, whose names are `concealed`: a gallery knows whom a user means, and names nobody.
        cameras: Of cameras.
        following: The number that the next name gets.
    """

    persons: Mapping[str, int] = field(default_factory=dict)
    cameras: Mapping[str, int] = field(default_factory=dict)
    following: int = _FIRST

    def person(self, called: str) -> int:
        """Returns the number of a person who is called by a name or a number.

        Raises:
            ReseenError: If there is no such name.
        """
        if (known := self.persons.get(concealed(called))) is not None:
            return known
        if isinstance(number := id_or_name(called), str):
            raise ReseenError(f"there is no person {called!r}: name one by its number, or as when it was added")
        return number

    def camera(self, called: str) -> int:
        """Returns the number of a camera that is called by a name, ``unknown``, or a number.

        Raises:
            ReseenError: If there is no such name.
        """
        if called in self.cameras:
            return self.cameras[called]
        if isinstance(number := id_or_name(called), str):
            told = ", ".join(sorted(self.cameras)[:8]) + (", …" if len(self.cameras) > 8 else "")
            raise ReseenError(f"there is no camera {called!r}: name one by its number{told and f', or one of {told}'}")
        return number


def names_of(store: Store) -> Names:
    """Returns the names that a gallery's rows have.

    Raises:
        ReseenError: If they cannot be read.
    """
    with store.told():
        kept = store.files.read(_FILE)
    if kept is None:
        return Names()
    try:
        content = json.loads(kept)
        persons, cameras = ({str(name): int(n) for name, n in content[kind].items()} for kind in ("persons", "cameras"))
        return Names(persons, cameras, int(content["following"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReseenError(
            f"{store.place}/{_FILE} is damaged ({one_line(error)}): bring it back, for it says which persons and "
            "cameras the names are"
        ) from error


def numbered(store: Store, embeddings: Embeddings, rows: NDArray[np.int64]) -> Embeddings:
    """Returns embeddings whose persons and cameras have the gallery's numbers where they have names.

    New names are noted, within the `Store.writing` lock.

    Args:
        store: The gallery's.
        embeddings: Newcomers.
        rows: Those that will be added: the names of others are not noted.
    """
    called = [_chosen(names, rows) for names in (embeddings.person_names, embeddings.camera_names)]
    if not any(map(any, called)):
        return embeddings
    names = names_of(store)
    known: list[dict[str, int]] = [dict(names.persons), dict(names.cameras)]
    new = [sorted(set(own) - {""} - kept.keys()) for own, kept in zip(called, known, strict=True)]
    if any(new):
        theirs = int(embeddings.pids.max()), int(embeddings.camids.max())
        following = 1 + max(names.following - 1, *theirs, *_in_rows(store, "pid"), *_in_rows(store, "camera"))
        for kept, own in zip(known, new, strict=True):
            kept |= {name: number for number, name in enumerate(own, following)}
            following += len(own)
        _write(store, Names(known[0], known[1], following))
    ids = [np.array(each) for each in (embeddings.pids, embeddings.camids)]
    for column, own, kept in zip(ids, called, known, strict=True):
        for row, name in zip(rows.tolist(), own, strict=True):
            if name:
                column[row] = kept[name]
    return replace(embeddings, pids=ids[0], camids=ids[1])


def forget_gone(store: Store) -> None:
    """Forgets names of which no row is left, within the `Store.writing` lock."""
    names = names_of(store)
    if names.persons or names.cameras:
        persons, cameras = (
            {name: number for name, number in kept.items() if number in there}
            for kept, there in ((names.persons, _in_rows(store, "pid")), (names.cameras, _in_rows(store, "camera")))
        )
        if (persons, cameras) != (names.persons, names.cameras):
            _write(store, Names(persons, cameras, names.following))


def _chosen(names: Sequence[str] | None, rows: NDArray[np.int64]) -> list[str]:
    return [""] * len(rows) if names is None else [names[row] for row in rows]


def _in_rows(store: Store, column: str) -> set[int]:
    """Returns the numbers that the rows of all tables have in a column."""
    found: set[int] = set()
    with store.told():
        for name in store.names():
            for batch in store.table(name).search().select([column]).to_batches(_READ):
                found.update(pc.unique(batch[column]).to_pylist())
    return found


def _write(store: Store, names: Names) -> None:
    content: dict[str, Any] = {"following": names.following, "persons": names.persons, "cameras": names.cameras}
    with store.told():
        store.files.write(_FILE, f"{json.dumps(content, indent=1)}\n".encode())
