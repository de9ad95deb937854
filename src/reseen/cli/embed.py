"""`reseen embed`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.options import (
    BOXED_MODEL,
    BackendOption,
    BatchOption,
    CheckpointArgument,
    CorruptOption,
    DeviceOption,
    existing,
    load,
    need_engine,
)
from reseen.console import err, note, out, say_written


def embed(
    checkpoint: CheckpointArgument = BOXED_MODEL,
    *,
    images: Annotated[Path, typer.Option(help="Folder, zip, CSV or Parquet table of images.", callback=existing)],
    file: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
    backend: BackendOption = None,
) -> None:
    """Write descriptors and attribute probabilities of images to a file; of a data set, its gallery.

    A run that was killed goes on when it is called again: what it had made lies in FILE.parts.

    Example: [bold]reseen embed runs/NAME/last --images pictures/ --out pictures.parquet[/]
    """
    need_engine(checkpoint, backend)
    from reseen.embedding import open_place
    from reseen.progress import progress_of

    place = open_place(images)
    note(place.note)
    written = place.write(
        file,
        load(checkpoint, device, backend),
        batch_size=batch_size,
        max_corrupt=max_corrupt,
        bars=partial(progress_of, err),
    )
    earlier = f", {written.before:,} of them made before" if written.before else ""
    out.print(f"{written.count:,} descriptors of length {written.width:,}{earlier}")
    say_written(file)
