"""How much of an attribute figure is memory of persons: test images of persons seen in training, and of all others.

    python benchmarks/memory.py runs/mva50-peta-quick/last --data DATA --dataset peta --option split=random

PETA's usual splits divide images, not persons, so that many a test person's other pictures were trained on. The model
and its training are the same for both halves; only who is looked at differs.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import reseen
from reseen.cli.options import loader_options_of
from reseen.console import run
from reseen.data import open_split
from reseen.data.person import PersonImage, Split
from reseen.evaluation.split import evaluate_split
from reseen.progress import progress_of

console = Console()


def halves(split: Split) -> dict[str, tuple[PersonImage, ...]]:
    """Returns the test images of persons who were seen in training, and all others."""
    seen = {image.pid for image in split.train if image.pid > 0}
    return {
        "seen in training": tuple(image for image in split.gallery if image.pid in seen),
        "never seen": tuple(image for image in split.gallery if image.pid not in seen),
    }


def main(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint folder of a system that tells attributes.")],
    data: Annotated[Path, typer.Option(help="Folder or zip of the data set it was trained on.")],
    dataset: Annotated[str, typer.Option(help="The data set's key.")] = "peta",
    option: Annotated[list[str] | None, typer.Option(help="As in training, such as split=random.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Print accuracy and mA of both halves of the test images."""
    embedder = reseen.load(checkpoint)
    split = open_split(dataset, data, **loader_options_of(option))
    figures: dict[str, dict[str, float]] = {}
    table = Table("test images of persons", "images", "persons", "mA", "mean accuracy", title=f"{split.name}, %")
    for name, images in halves(split).items():
        report = evaluate_split(embedder, replace(split, gallery=images), bars=partial(progress_of, console)).report
        assert report.attributes is not None
        binary = report.attributes.binary
        own = {
            "images": len(images),
            "persons": len({image.pid for image in images}),
            "mA": 100 * binary.mA if binary is not None else float("nan"),
            "mean accuracy": 100 * report.attributes.mean,
        }
        figures[name] = own
        table.add_row(
            name, *(f"{own[key]:,}" for key in ("images", "persons")), *(f"{own[key]:.2f}" for key in list(own)[2:])
        )
    console.print(table)
    if json_file:
        json_file.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    run(lambda: typer.run(main))
