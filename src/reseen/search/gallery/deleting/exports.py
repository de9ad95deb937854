"""Pictures that were drawn from a gallery and lie elsewhere: kept in mind, so that a deletion deletes them too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line
from reseen.files import replacing

_FILE = "exports.json"


def remember(folder: Path, path: Path, ids: Iterable[str]) -> None:
    """Notes that a file shows some rows, within the `Store.writing` lock.

    Args:
        folder: The gallery's.
        path: The file, as it is now: one that was changed afterwards is somebody else's, and is left alone.
        ids: Hashes of the rows.
    """
    path = path.resolve()
    others = [each for each in _read(folder) if each["path"] != str(path)]
    _write(folder, [*others, {"path": str(path), "sha256": _digest(path), "ids": sorted(set(ids))}])


def delete_showing(folder: Path, ids: Collection[str]) -> list[str]:
    """Deletes all files that show one of some rows, within the `Store.writing` lock; returns their paths."""
    gone, left = [], []
    for each in _read(folder):
        path = Path(each["path"])
        if not path.is_file() or _digest(path) != each["sha256"]:
            continue
        if not set(each["ids"]).isdisjoint(ids):
            path.unlink()
            gone.append(str(path))
        else:
            left.append(each)
    if left or (folder / _FILE).exists():
        _write(folder, left)
    return gone


def _read(folder: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return [{"path": str(each["path"]), "sha256": each["sha256"], "ids": list(each["ids"])} for each in content]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        raise ReseenError(
            f"{folder / _FILE} is damaged ({one_line(error)}): delete it, and by hand what was drawn from this gallery"
        ) from error


def _write(folder: Path, content: list[dict[str, Any]]) -> None:
    with replacing(folder / _FILE, private=True) as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
