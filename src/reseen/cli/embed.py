"""`reseen embed`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.options import BatchOption, CheckpointArgument, CorruptOption, DeviceOption, existing, load
from reseen.console import err, note, out, say_written


def embed(
    checkpoint: CheckpointArgument,
    images: Annotated[Path, typer.Option(help="Folder, zip, CSV or Parquet table of images.", callback=existing)],
    file: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Write descriptors and attribute probabilities of images to a file; of a data set, its gallery.

    Example: [bold]reseen embed runs/NAME/last --images pictures/ --out pictures.parquet[/]
    """
    from reseen.embedding import open_place
    from reseen.progress import progress_of

    place = open_place(images)
    note(place.note)
    embeddings = place.embeddings(
        load(checkpoint, device), batch_size=batch_size, max_corrupt=max_corrupt, bars=partial(progress_of, err)
    )
    embeddings.save(file)
    out.print(f"{len(embeddings):,} descriptors of length {embeddings.features.shape[1]:,}")
    say_written(file)
