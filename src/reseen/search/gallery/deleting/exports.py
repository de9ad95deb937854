"""Pictures that were drawn from a gallery and lie elsewhere: kept in mind, so that a deletion deletes them too."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line
from reseen.search.gallery.keeping.store import Store

_FILE = "exports.json"


@dataclass(frozen=True)
class Tried:
    """What came of deleting pictures.

    Attributes:
        gone: Paths of those that were deleted.
        missing: Paths where there was none.
        stuck: Paths of those that cannot be deleted, and why: they stay due.
    """

    gone: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()


def remember(store: Store, path: Path, ids: Iterable[str]) -> None:
    """Notes that a file shows some rows, within the `Store.writing` lock.

    Args:
        store: The gallery's.
        path: The file, as it is now: one that was changed afterwards is somebody else's, and is left alone.
        ids: Hashes of the rows.
    """
    path = path.resolve()
    others = [each for each in _read(store) if each["path"] != str(path)]
    _write(store, [*others, {"path": str(path), "sha256": _digest(path), "ids": sorted(set(ids))}])


def doom(store: Store, ids: Collection[str]) -> None:
    """Notes which files are due, as they show one of some rows, and no longer whom; within the `Store.writing` lock."""
    noted = _read(store)
    if any(_shows(each, ids) for each in noted):
        _write(store, [{**each, "ids": None} if _shows(each, ids) else each for each in noted])


def due(store: Store) -> list[str]:
    """Returns the paths of files that show somebody who was deleted, and could not be deleted with them so far."""
    return [each["path"] for each in _read(store) if each["ids"] is None and _may_be_there(each["path"])]


def delete_due(store: Store) -> Tried:
    """Deletes all files that are due, within the `Store.writing` lock; those that cannot be deleted stay due."""
    noted = _read(store)
    left, gone, missing, stuck = [each for each in noted if each["ids"] is not None], [], [], []
    if len(left) == len(noted):
        return Tried()
    for each in noted:
        if each["ids"] is None:
            path = Path(each["path"])
            try:
                if _digest(path) == each["sha256"]:
                    path.unlink()
                    gone.append(str(path))
            except (FileNotFoundError, NotADirectoryError):
                missing.append(str(path))
            except IsADirectoryError:
                continue  # somebody else's, like a file that was changed
            except OSError as error:
                stuck.append(f"{path} ({error.strerror})")
                left.append(each)
    _write(store, left)
    return Tried(tuple(gone), tuple(missing), tuple(stuck))


def _may_be_there(path: str) -> bool:
    try:
        os.lstat(path)
    except OSError as error:
        return not isinstance(error, (FileNotFoundError, NotADirectoryError))
    return True


def _shows(noted: dict[str, Any], ids: Collection[str]) -> bool:
    return noted["ids"] is not None and not set(noted["ids"]).isdisjoint(ids)


def _read(store: Store) -> list[dict[str, Any]]:
    kept = store.files.read(_FILE)
    if kept is None:
        return []
    try:
        content = json.loads(kept)
        return [
            {
                "path": str(each["path"]),
                "sha256": each["sha256"],
                "ids": None if each["ids"] is None else list(each["ids"]),  # None: due
            }
            for each in content
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ReseenError(
            f"{store.place}/{_FILE} is damaged ({one_line(error)}): delete it, and by hand what was drawn from this "
            "gallery"
        ) from error


def _write(store: Store, content: list[dict[str, Any]]) -> None:
    store.files.write(_FILE, f"{json.dumps(content, indent=1)}\n".encode())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
