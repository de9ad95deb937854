"""Deletions that have begun: noted until they are through, so that what is left of one is done by the next process."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reseen.files import make_private, replacing


@dataclass(frozen=True, slots=True)
class Begun:
    """What is to be deleted.

    Attributes:
        at: Seconds since 1970.
        who: The user.
        action: What the audit trail calls it.
        reason: Why.
        criteria: What was asked for.
        ids: Rows that it is about; some may stay.
    """

    at: float
    who: str
    action: str
    reason: str
    criteria: Mapping[str, Any]
    ids: Sequence[str]


class Deletions:
    """A folder with one file for each deletion that is not through: ids and words, nothing of a picture."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def noted(self, begun: Begun, untouched: Callable[[], bool]) -> Iterator[None]:
        """Keeps the note until the deletion is through.

        Args:
            begun: The deletion.
            untouched: Asked if it has failed: whether nothing is gone yet, so that to tell of the failure is enough.
        """
        make_private(self._folder)
        file = self._folder / f"{secrets.token_hex(8)}.json"
        with replacing(file, private=True) as partial:
            partial.write_text(json.dumps(asdict(begun)), encoding="utf-8")
        try:
            yield
        except Exception:
            if untouched():
                file.unlink()
            raise
        file.unlink()

    def left(self) -> Iterator[Begun]:
        """Yields what processes that failed or were killed have left, each until it is through."""
        for file in sorted(self._folder.glob("*.json")):
            yield Begun(**json.loads(file.read_text(encoding="utf-8")))
            file.unlink()
