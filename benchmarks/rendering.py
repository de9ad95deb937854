"""How fast pedestrians are rendered, by size of the picture, once everything is warm.

Each size is rendered into a folder of its own. The rate is that of the second half of the images: by then the renderer
is compiled and every process has its scenes. Nothing else should run meanwhile.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from reseen.console import run
from reseen.data.sets.rendered.config import make_config
from reseen.world import render

SIZES = ("128x64", "256x128", "384x128")
console = Console()


def main(
    persons: Annotated[int, typer.Option(min=2, help="Each gives 12 images.")] = 80,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each core by default.")] = None,
) -> None:
    """Print images a second for each size."""
    table = Table("size", "images", "first image after", "images a second, warm")
    for size in SIZES:
        config = make_config({"persons": persons, "images_per_camera": 2, "size": size})
        times: list[tuple[int, float]] = []
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder, console.status(f"rendering {size}"):
            render(
                Path(folder) / size,
                config,
                workers=workers,
                progress=lambda done, _, times=times: times.append((done, time.perf_counter())),  # type: ignore[misc]
            )
        first = next(moment for done, moment in times if done)
        count, end = times[-1]
        half, middle = next((done, moment) for done, moment in times if done >= count / 2)
        table.add_row(size, f"{count:,}", f"{first - started:.0f} s", f"{(count - half) / (end - middle):.1f}")
    console.print(table)
    said = f"{workers} processes" if workers else "one process for each core, eight at most"
    console.print(f"{said}, on {os.cpu_count()} cores", highlight=False)


if __name__ == "__main__":
    run(lambda: typer.run(main))
