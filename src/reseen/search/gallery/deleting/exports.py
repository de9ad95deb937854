"""Pictures that were drawn from a gallery and lie elsewhere: kept in mind, so that a deletion deletes them too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line
from reseen.search.gallery.keeping.store import Store

_FILE = "exports.json"


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


def delete_showing(store: Store, ids: Collection[str]) -> list[str]:
    """Deletes all files that show one of some rows, within the `Store.writing` lock; returns their paths."""
    gone, left = [], []
    for each in _read(store):
        path = Path(each["path"])
        if not path.is_file() or _digest(path) != each["sha256"]:
            continue
        if not set(each["ids"]).isdisjoint(ids):
            path.unlink()
            gone.append(str(path))
        else:
            left.append(each)
    if left or store.files.read(_FILE) is not None:
        _write(store, left)
    return gone


def _read(store: Store) -> list[dict[str, Any]]:
    kept = store.files.read(_FILE)
    if kept is None:
        return []
    try:
        content = json.loads(kept)
        return [{"path": str(each["path"]), "sha256": each["sha256"], "ids": list(each["ids"])} for each in content]
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
