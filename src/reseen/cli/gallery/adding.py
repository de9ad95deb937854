"""Commands that fill a gallery: `reseen gallery add` and `reindex`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reseen.checkpoint_files import check_model, unnamed
from reseen.cli.gallery.common import (
    GalleryArgument,
    NewGalleryArgument,
    filling,
    open_gallery,
)
from reseen.cli.options import (
    HAS_BOXED,
    BatchOption,
    CheckpointArgument,
    CorruptOption,
    DeviceOption,
    existing,
    load,
)
from reseen.console import err, note, out
from reseen.extras import need


def add(
    gallery: NewGalleryArgument,
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            help=f"Checkpoint folder, such as runs/NAME/last{'; small if left out' if HAS_BOXED else ''}. A file of "
            "reseen embed needs none."
        ),
    ] = None,
    *,
    images: Annotated[Path, typer.Option(help="Folder, zip or table of images, or a file.", callback=existing)],
    copy: Annotated[bool, typer.Option(help="Keep the pictures, not only their paths.")] = False,
    camera: Annotated[
        str | None, typer.Option(help="Number or name of the camera of them all; else as names or a table say.")
    ] = None,
    source: Annotated[str, typer.Option(help="Where they come from, to delete them by; else the absolute path.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Also what was deleted before.")] = False,
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Embed images and keep them; what is there already is passed over, so a run that was killed goes on.

    Example: [bold]reseen gallery add hall runs/NAME/last --images pictures/ --copy[/]
    """
    if checkpoint is not None:
        checkpoint = check_model(checkpoint)
    need("gallery")
    from reseen.data.names import id_or_name
    from reseen.embedding import open_place

    place = open_place(images)
    if camera is not None:
        place = place.by_camera(id_or_name(camera))
    note(place.note)
    if checkpoint is None and place.stored is None:
        checkpoint = unnamed()

    from reseen.progress import progress_of
    from reseen.search.gallery.filling import fill

    embedder = None if checkpoint is None else load(checkpoint, device)
    with filling(gallery) as opened:
        new = fill(
            opened,
            place,
            embedder,
            source=source,
            copy=copy,
            again=again,
            batch_size=batch_size,
            max_corrupt=max_corrupt,
            bars=partial(progress_of, err),
        )
        if embedder is not None and embedder.calibration is not None:
            opened.calibration = embedder.calibration
        there = len(place.stored if place.stored is not None else place.images)
        out.print(f"added {new:,} of {there:,}; {gallery} has {len(opened):,}", highlight=False)


def reindex(
    gallery: GalleryArgument,
    checkpoint: CheckpointArgument,
    batch_size: BatchOption = 512,
    max_lost: Annotated[int, typer.Option(min=0, help="Rows that may be lost, their picture being gone.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Embed a gallery's pictures with another model; until all are there, the old rows are searched.

    Example: [bold]reseen gallery reindex hall runs/BETTER/last[/]
    """
    with open_gallery(gallery) as opened:
        from reseen.progress import progress_of
        from reseen.search.gallery.reindex import reindex as move

        embedder = load(checkpoint, device)
        with progress_of(err, "embedding images") as progress:
            lost = move(opened, embedder, batch=batch_size, max_lost=max_lost, progress=progress)
        if embedder.calibration is not None:
            opened.calibration = embedder.calibration
        out.print(f"{len(opened):,} rows of model {embedder.digest[:12]}, {lost:,} lost", highlight=False)
