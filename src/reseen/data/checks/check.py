"""Checking a data set before hours are spent on it: what is there, and everything that is wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from reseen.data import loader_options, open_split, recognise
from reseen.data.attributes import AttributeSchema
from reseen.data.checks.problems import Content, Location, Problem, count_copies, find_problems, location, read_contents
from reseen.data.images.source import Folder, open_folder
from reseen.data.names import suggest_pattern
from reseen.data.person import UNKNOWN_CAMERA, UNKNOWN_PID, PersonImage, Split
from reseen.data.sets import dukemtmc, market1501, peta
from reseen.errors import ReseenError
from reseen.progress import Progress

_MISSING: Mapping[str, Callable[[Folder], tuple[str, ...]]] = {
    "market1501": market1501.LAYOUT.missing,
    "dukemtmc": dukemtmc.LAYOUT.missing,
    "peta": peta.missing,
}
"""What tells which folders of a data set are not there."""
_LABELS = {"rendered": ("keypoints", "masks")}
"""Options of a data set's loader that read labels which otherwise nobody looks at."""


@dataclass(frozen=True, slots=True)
class PartReport:
    """One part of a data set.

    Attributes:
        part: ``train``, ``query`` or ``gallery``.
        images: How many images.
        persons: How many persons, without junk (-1) and distractors (0).
        cameras: How many cameras.
        known: Share of the persons' images on which an attribute is known, by attribute.
    """

    part: str
    images: int
    persons: int
    cameras: int
    known: dict[str, float]

    @property
    def mean_known(self) -> float | None:
        """Mean of ``known``, or None without attributes."""
        return sum(self.known.values()) / len(self.known) if self.known else None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found.

    Attributes:
        dataset: The data set's key.
        root: Where it lies.
        fingerprint: Digest of all names and contents; the same for a folder and its zip.
        parts: Figures of train, query and gallery.
        problems: Everything that is wrong.
        notes: What is to be known without being wrong.
    """

    dataset: str
    root: str
    fingerprint: str
    parts: tuple[PartReport, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def table(self) -> Table:
        """Returns the parts as a table."""
        table = Table(title=f"{self.dataset} in {self.root}", caption=f"fingerprint {self.fingerprint}")
        table.add_column("part")
        for name in ("images", "persons", "cameras", "attributes known"):
            table.add_column(name, justify="right")
        for part in self.parts:
            known = "-" if part.mean_known is None else f"{part.mean_known:.1%}"
            table.add_row(part.part, f"{part.images:,}", f"{part.persons:,}", f"{part.cameras:,}", known)
        return table

    def to_json(self) -> str:
        """Returns everything as JSON, with all paths of every problem."""
        return json.dumps(asdict(self), indent=2)


def check(root: Path | str, *, progress: Progress | None = None, **options: Any) -> CheckReport:
    """Recognises a data set, decodes every image, and names every problem.

    Args:
        root: The data set's folder, zip or table.
        progress: Told how far decoding has come.
        options: Options of the data set's loader, such as ``fold``.

    Raises:
        ReseenError: If nothing is recognised, or what is recognised cannot be listed at all.
    """
    name = recognise(root)
    if "allow_missing" in loader_options(name):
        options["allow_missing"] = True
    split = open_split(name, root, **options)
    contents = read_contents(split, progress)
    missing = _MISSING[name](open_folder(root)) if name in _MISSING else ()
    problems = [Problem("missing", f"{folder} is missing") for folder in missing]
    for label in _LABELS.get(name, ()):
        try:
            open_split(name, root, **{label: True})
        except ReseenError as error:
            problems.append(Problem("missing", str(error)))
    return CheckReport(
        dataset=name,
        root=str(root),
        fingerprint=_fingerprint(split, contents),
        parts=tuple(_report(part, images, split.schema) for part, images in split.parts().items()),
        problems=(*problems, *find_problems(split, contents)),
        notes=(
            *split.notes,
            *filter(None, [count_copies(split, contents)]),
            *(_suggestion(split) if name == "table" and "pattern" not in options else ()),
        ),
    )


def _suggestion(split: Split) -> tuple[str, ...]:
    """Says which pattern would read the names of images that nobody is known on."""
    nobody = [image for images in split.parts().values() for image in images if image.pid == UNKNOWN_PID]
    names = [Path(location(image)[1]).name for image in nobody]
    if (found := suggest_pattern(names)) is None:
        return ()
    title, pattern = found
    return (f"names such as {names[0]} look like {title}: the option pattern={pattern} reads persons and cameras",)


def _report(part: str, images: Sequence[PersonImage], schema: AttributeSchema | None) -> PartReport:
    persons = [image for image in images if image.pid > 0]
    known = {
        name: sum(name in image.attributes for image in persons) / len(persons)
        for name in (schema.names if schema and persons else ())
    }
    cameras = {image.camid for image in images} - {UNKNOWN_CAMERA}
    return PartReport(part, len(images), len({image.pid for image in persons}), len(cameras), known)


def _fingerprint(split: Split, contents: Mapping[Location, Content]) -> str:
    """Names count without their folders, so that a folder, its zip and a copy elsewhere are the same data."""
    lines = [
        f"{part}/{Path(location(image)[1]).name} {contents[location(image)].digest}\n"
        for part, images in split.parts().items()
        for image in images
    ]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()[:16]
