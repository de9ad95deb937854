"""`reseen search`."""

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
    existing_picture,
    load,
    need_engine,
)
from reseen.console import err, note, out, say_written
from reseen.errors import ReseenError
from reseen.extras import need


def search(
    checkpoint: CheckpointArgument = BOXED_MODEL,
    *,
    gallery: Annotated[
        Path,
        typer.Option(help="Gallery, folder, zip or table of images, or a file of `reseen embed`.", callback=existing),
    ],
    query: Annotated[Path | None, typer.Option(help="Picture of the person.", callback=existing_picture)] = None,
    where: Annotated[str, typer.Option(help='Required attributes: "gender=male and backpack=yes".')] = "",
    top: Annotated[int, typer.Option(min=1, help="How many results.")] = 10,
    picture: Annotated[Path, typer.Option("--out", help="Ranked-list picture to write.")] = Path("search.png"),
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
    backend: BackendOption = None,
) -> None:
    """Find a person in a gallery by picture, by attributes, or by both.

    Example: [bold]reseen search runs/NAME/last --gallery pictures/ --query person.jpg --where "backpack=yes"[/]
    """
    if not (query or where):
        raise ReseenError("nothing to search for: give --query, --where, or both")
    need_engine(checkpoint, backend)
    from reseen.embedding import open_place
    from reseen.gallery_files import is_gallery

    kept = is_gallery(gallery)
    if kept:
        need("gallery")
    place = None if kept else open_place(gallery)

    from reseen.data.images.reference import image_of
    from reseen.explain.saving import save_picture
    from reseen.progress import progress_of
    from reseen.search.gallery import Gallery
    from reseen.search.wanted import look_for

    embedder = load(checkpoint, device, backend)
    wanted = look_for(embedder, image_of(query) if query else None, where)
    if place is None:
        found = wanted.find_in(Gallery.open(gallery), top=top)
    else:
        note(place.note)
        images = place.embeddings(
            embedder, batch_size=batch_size, max_corrupt=max_corrupt, bars=partial(progress_of, err)
        )
        found = wanted.find_in(images, top=top)
    note(found.note)
    if not found.matches:
        out.print("nobody in the gallery fulfils this, so no picture was written; loosen --where")
        return
    out.print(found.table())
    save_picture(found.picture(), picture)
    if kept:
        with Gallery.open(gallery) as opened:
            opened.remember(picture, found.matches)
    say_written(picture)
