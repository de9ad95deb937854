"""What a deletion has taken away, and that it was looked for afterwards in every byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from reseen.search.gallery.deleting.exports import Tried
from reseen.search.gallery.keeping.files import Files
from reseen.search.gallery.keeping.store import Store

_LOOKED_FOR = 20
"""So many of the deleted rows are looked for."""
_NEEDLE = 64
"""Bytes of a picture or descriptor that tell it from all others."""
BEYOND = (
    "not reached: backups, snapshots of file systems, versions and unfinished uploads that object storage keeps by "
    "itself, blocks that a disk has not overwritten, copies made by others, pictures drawn by searches on other "
    "machines, and pictures that lie outside the gallery, of which it kept the path alone"
)


@dataclass(frozen=True)
class Receipt:
    """Says what was deleted, and what was scanned for it.

    Attributes:
        gallery: Its path or address.
        at: When, in UTC.
        rows: How many rows of the searched table are gone.
        tables: How many rows of each model's table are gone.
        exports: Pictures that showed some of them, drawn by searches and gone too.
        missing: Such pictures that are no longer where they were drawn to.
        undeleted: Such pictures that could not be deleted, each with why.
        looked_for: How many of the rows were looked for afterwards, by id, path, picture and descriptor.
        files: How many files of the gallery were read for it.
        bytes: How many bytes these have.
        found: In how many files something was found: none, else the deletion has failed.
    """

    gallery: str
    at: str
    rows: int
    tables: dict[str, int]
    exports: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    undeleted: tuple[str, ...] = ()
    looked_for: int = 0
    files: int = 0
    bytes: int = 0
    found: int = 0

    def after(self, tried: Tried) -> Receipt:
        """Returns it with what came of deleting pictures."""
        return replace(self, exports=tried.gone, missing=tried.missing, undeleted=tried.stuck)

    def as_dict(self) -> dict[str, Any]:
        """Returns it for JSON, with what no deletion can reach."""
        return {**asdict(self), "beyond": BEYOND}

    def drawn_lines(self) -> list[str]:
        """Returns in words which pictures went with the rows, and which did not."""
        return [
            *(f"deleted with them, as it showed them: {path}" for path in self.exports),
            *(f"showed them, and is not there: {path}; if it was moved, delete it there" for path in self.missing),
            *undeleted_lines(self.undeleted),
        ]

    def lines(self) -> list[str]:
        """Returns it in words."""
        per_table = ", ".join(f"{count:,} of {name}" for name, count in self.tables.items())
        told = [
            f"receipt: {self.rows:,} rows deleted from {self.gallery} on {self.at} ({per_table or 'no tables'})",
            *self.drawn_lines(),
        ]
        if self.files:
            told.append(
                f"scanned afterwards: all {self.files:,} files, {self.bytes:,} bytes, for {self.looked_for:,} of the "
                f"rows by id, path, picture and descriptor; found in {self.found:,}"
            )
        return [*told, BEYOND]


def undeleted_lines(pictures: Iterable[str]) -> list[str]:
    """Returns in words that pictures could not be deleted."""
    return [
        f"shows who was deleted, and cannot be deleted: {each}; delete it by hand, or see to it that the next deletion "
        "can"
        for each in pictures
    ]


def now() -> str:
    """Returns the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def needles(store: Store, sql: str) -> list[tuple[bytes, ...]]:
    """Returns what to look for after the rows of a condition are gone: for some of the rows, bytes that are theirs."""
    searched = store.searched()
    if searched is None:
        return []
    columns = ["id", "path", "picture", "descriptor"]
    rows = searched.table.search().where(sql).select(columns).limit(_LOOKED_FOR).to_arrow()
    descriptors = rows["descriptor"].combine_chunks()
    width = descriptors.type.list_size
    values = descriptors.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    found = []
    for row, vector in zip(rows.select(columns[:3]).to_pylist(), values, strict=True):
        middle = len(row["picture"] or b"") // 2  # its beginning may be every picture's
        own = (row["id"].encode(), row["path"].encode(), (row["picture"] or b"")[middle : middle + _NEEDLE])
        found.append(tuple(each for each in (*own, vector.tobytes()[:_NEEDLE]) if len(each) >= 16 and any(each)))
    return found


def scanned(made: Receipt, looked_through: Files, wanted: Sequence[tuple[bytes, ...]]) -> Receipt:
    """Reads every file of a gallery for some bytes, and returns the receipt with what came of it."""
    files = size = found = 0
    needles = [each for row in wanted for each in row]
    for name, length in looked_through.sizes():
        files, size = files + 1, size + length
        found += looked_through.holds(name, needles)
    return replace(made, looked_for=len(wanted), files=files, bytes=size, found=found)
