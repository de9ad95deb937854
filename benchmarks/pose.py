"""How well joints are found: against Market-1501's published ones and the truth of rendered persons, or another source.

Distances are in pixels of a picture of 128 by 64, over the joints that both have. The published joints were found by
another program and corrected by nobody, so that side measures agreement, not truth. So does a network beside its
teacher, or one file of joints beside another.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from reseen.console import run
from reseen.data import open_split
from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.pose.canonical import USABLE, points_of
from reseen.pose.source import PoseSource, open_source
from reseen.progress import progress_of

SIZE = (64, 128)
"""Width and height in whose pixels distances are measured."""
SEEN = 0.9
"""Confidence of joints that a data set knows, and that are to be seen."""
console = Console()


def main(
    source: Annotated[
        str, typer.Argument(help="OpenVINO's .xml, the folder of our own network, pose-net, or a file of joints.")
    ],
    against: Annotated[
        str | None, typer.Option(help="Another of these, in the place of what the data set knows itself.")
    ] = None,
    market: Annotated[Path | None, typer.Option(help="Market-1501 with its published joints.")] = None,
    rendered: Annotated[Path | None, typer.Option(help="A folder of reseen data render.")] = None,
    images: Annotated[int, typer.Option(min=1, help="At most so many of each, spread over its test images.")] = 1000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Print the mean distance of each joint, and how often it is found."""
    figures: dict[str, dict[str, list[float]]] = {}
    told = {"source": source} | ({"against": against} if against else {})
    for name, folder in (("market1501", market), ("rendered", rendered)):
        if folder is None:
            continue
        split = open_split(name, folder, keypoints=against is None or "own" in (source, against))
        everybody = [image for image in split.gallery or split.train if image.pid > 0]  # junk shows no whole person
        chosen = everybody[:: max(1, len(everybody) // images)][:images]
        started = time.perf_counter()
        opened = open_source(source, split)
        told["source"] = opened.name
        found = _find(opened, chosen)
        rate = len(chosen) / (time.perf_counter() - started)
        other = points_of(chosen) if against is None else _find(open_source(against, split), chosen)
        known = SEEN if against is None else USABLE
        figures[name] = _compare(_scaled(found, chosen), _scaled(other, chosen), known)
        console.print(f"{name}: {len(chosen):,} images, {rate:.1f} a second with decoding", highlight=False)
    table = Table("joint", *(f"{name}: mean / median / found" for name in figures))
    for joint in ("all", *COCO18.joints):
        cells = [_cell(*own[joint]) if joint in own else "" for own in figures.values()]
        table.add_row(joint.replace("_", " "), *cells)
    console.print(table)
    if json_file:
        json_file.write_text(json.dumps(told | figures, indent=1) + "\n")


def _cell(mean: float, median: float, share: float) -> str:
    return f"{mean:.2f} / {median:.2f} / {share:.0%}"


def _find(source: PoseSource, images: Sequence[PersonImage], batch: int = 32) -> NDArray[np.float32]:
    found = []
    with progress_of(console, "finding joints") as progress:
        for start in range(0, len(images), batch):
            found.append(source.joints(images[start : start + batch]))
            progress(min(start + batch, len(images)), len(images))
    return np.concatenate(found)


def _scaled(points: NDArray[np.float32], images: Sequence[PersonImage]) -> NDArray[np.float32]:
    """Returns joints (N, 18, 3) as they lie in pictures of one size."""
    own = np.array([image.open().size for image in images], np.float32)[:, None]
    return np.concatenate([(points[..., :2] + 0.5) * np.array(SIZE, np.float32) / own - 0.5, points[..., 2:]], -1)


def _compare(found: NDArray[np.float32], truth: NDArray[np.float32], known: float) -> dict[str, list[float]]:
    """Returns mean and median distance and the share found, of the joints that are at least so sure to be there."""
    there = truth[..., 2] >= known
    both = there & (found[..., 2] >= USABLE)
    distances = np.linalg.norm(found[..., :2] - truth[..., :2], axis=-1)

    columns = {"all": slice(None)} | {joint: slice(row, row + 1) for row, joint in enumerate(COCO18.joints)}
    figures = {}
    for joint, column in columns.items():
        own = distances[:, column][both[:, column]]
        if len(own):
            share = float(len(own) / there[:, column].sum())
            figures[joint] = [float(own.mean()), float(np.median(own)), share]
    return figures


if __name__ == "__main__":
    run(lambda: typer.run(main))
