"""`reseen search`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli.options import (
    BOXED_MODEL,
    BackendOption,
    BatchOption,
    CheckpointArgument,
    CorruptOption,
    DeviceOption,
    JsonOption,
    drawable,
    existing,
    existing_picture,
    load,
    need_engine,
)
from reseen.console import err, note, out, say_written, write
from reseen.errors import ReseenError
from reseen.extras import need

if TYPE_CHECKING:
    from reseen.search.wanted import Found


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
    picture: Annotated[Path, typer.Option("--out", help="Ranked-list picture to write.", callback=drawable)] = Path(
        "search.png"
    ),
    json_file: JsonOption = None,
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

    if is_gallery(gallery):
        need("gallery")
        place = None
    else:
        place = open_place(gallery)

    from reseen.data.images.reference import image_of
    from reseen.progress import progress_of
    from reseen.search.gallery import Gallery
    from reseen.search.wanted import look_for

    embedder = load(checkpoint, device, backend)
    wanted = look_for(embedder, image_of(query) if query else None, where)
    if place is None:
        with Gallery.open(gallery) as opened:
            found = wanted.find_in(opened, top=top)
            for written in _show(found, picture, json_file):
                opened.remember(written, found.matches)
        return
    note(place.note)
    images = place.embeddings(embedder, batch_size=batch_size, max_corrupt=max_corrupt, bars=partial(progress_of, err))
    _show(wanted.find_in(images, top=top), picture, json_file)


def _show(found: Found, picture: Path, json_file: Path | None) -> tuple[Path, ...]:
    """Prints what was found, writes and draws it; returns the files that show somebody."""
    note(found.note)
    if json_file:
        from reseen.search.listing import matches_json

        write(json_file, matches_json(found.matches, found.note))
        say_written(json_file)
    if not found.matches:
        out.print("nobody in the gallery fulfils this, so no picture was written; loosen --where")
        return ()
    from reseen.explain.drawing.saving import save_picture

    out.print(found.table())
    save_picture(found.picture(), picture)
    say_written(picture)
    return (picture, json_file) if json_file else (picture,)
