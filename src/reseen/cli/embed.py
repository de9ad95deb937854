"""`reseen embed`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reseen.addresses import place_of
from reseen.checkpoint_files import backend_of, graph_in
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
from reseen.errors import ReseenError
from reseen.extras import need
from reseen.gallery_files import new_gallery_at


def embed(
    checkpoint: CheckpointArgument = BOXED_MODEL,
    *,
    images: Annotated[str, typer.Option(help="Folder, zip, CSV or Parquet table of images; with Ray an address, too.")],
    file: Annotated[Path | None, typer.Option("--out", help="Parquet file to write.")] = None,
    gallery: Annotated[str, typer.Option(help="Gallery to add to, with Ray; made when missing.")] = "",
    engine: Annotated[str, typer.Option(help="local, or ray for many processes and machines.")] = "local",
    address: Annotated[str, typer.Option(help="Ray cluster; else processes on this machine.")] = "",
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one a GPU, else one a processor.")] = 0,
    copy: Annotated[bool, typer.Option(help="Keep the pictures in the gallery, not only where they lie.")] = False,
    source: Annotated[
        str, typer.Option(help="Where they come from, to delete them by; else the table or the place.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="Also what was deleted from the gallery before.")] = False,
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
    backend: BackendOption = None,
) -> None:
    """Write descriptors and attribute probabilities of images to a file; of a data set, its gallery.

    A run that was killed goes on when it is called again: what it had made lies in FILE.parts, or in the gallery.

    Example: [bold]reseen embed runs/NAME/last --images pictures/ --out pictures.parquet[/]
    """
    if engine not in ("local", "ray"):
        raise ReseenError(f"--engine {engine}: it can be local or ray")
    need_engine(checkpoint, backend)
    if engine == "local":
        if gallery or address or workers or copy or source or again:
            raise ReseenError("this goes with --engine ray; without Ray, reseen gallery add fills a gallery")
        if file is None:
            raise ReseenError("say where to write to: --out FILE")
        _into_file(checkpoint, Path(images), file, batch_size, max_corrupt, device, backend)
        return
    if not gallery or file is not None:
        raise ReseenError("--engine ray writes into a gallery: give --gallery, and no --out")
    need("distributed", "gallery")
    place, gallery = place_of(images), new_gallery_at(gallery)
    from reseen.distributed import Cluster, Work, embed_on_ray, list_pictures
    from reseen.progress import progress_of
    from reseen.search.gallery import Gallery

    listed = list_pictures(place)
    embedder = load(checkpoint, "cpu", backend)
    if (backend or graph_in(checkpoint) or "torch") != "torch":
        device = "cpu"
    work = Work.packed(checkpoint, device=device, backend=backend_of(backend), batch_size=batch_size, copy=copy)
    with Gallery.open(gallery) as opened, progress_of(err, "embedding images") as progress:
        added = embed_on_ray(
            listed,
            work,
            opened,
            embedder.embed([]),
            schema=embedder.schema,
            cluster=Cluster(address, workers, gpu=device != "cpu"),
            source=source,
            again=again,
            max_corrupt=max_corrupt,
            progress=progress,
        )
        if embedder.calibration is not None:
            opened.calibration = embedder.calibration
        told = f"added {added.new:,} of {len(listed):,}, {added.known:,} were there; {gallery} has {len(opened):,}"
    out.print(told, highlight=False)


def _into_file(
    checkpoint: Path,
    images: Path,
    file: Path,
    batch_size: int,
    max_corrupt: int,
    device: str,
    backend: str | None,
) -> None:
    from reseen.embedding import open_place
    from reseen.progress import progress_of

    place = open_place(existing(images) or images)
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
