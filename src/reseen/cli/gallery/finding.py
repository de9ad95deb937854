"""Commands that look into a gallery: `reseen gallery info`, `search` and `check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reseen.checkpoint_files import check_model, unnamed
from reseen.cli.gallery.common import (
    CameraOption,
    ExpectedOption,
    GalleryArgument,
    SinceOption,
    UntilOption,
    draw,
    open_gallery,
    retention_of,
)
from reseen.cli.options import (
    HAS_BOXED,
    DeviceOption,
    JsonOption,
    drawable,
    existing_picture,
    load,
)
from reseen.console import note, out, say_written, write
from reseen.errors import ReseenError
from reseen.extras import need


def info(gallery: GalleryArgument) -> None:
    """Say what a gallery holds.

    Example: [bold]reseen gallery info hall[/]
    """
    with open_gallery(gallery) as opened:
        from reseen.search.gallery.contents import contents_of

        layout = opened.layout
        size = sum(length for _, length in opened.store.files.sizes())
        lines = [f"{len(opened):,} rows, {size / 1e6:,.1f} MB, retention {retention_of(opened)}"]
        if layout is not None:
            lines += contents_of(opened).lines()
            lines.append(f"model {layout.like.model[:12] or 'unknown'}, descriptors of {layout.searched_width:,}")
            lines.append(f"attributes: {', '.join(layout.schema.names) if layout.schema else 'none'}")
            known = opened.calibration
            told = "not calibrated" if known is None else f"calibrated on {known.persons:,} {known.source}"
            lines.append(f"same person: {told}")
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True, markup=False)


def search(
    gallery: GalleryArgument,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help=f"The gallery's model, for --query{'; small if left out' if HAS_BOXED else ''}."),
    ] = None,
    query: Annotated[list[Path] | None, typer.Option(help="Picture of the person; may be repeated.")] = None,
    unlike: Annotated[list[Path] | None, typer.Option(help="Picture of whom it is not; may be repeated.")] = None,
    where: Annotated[str, typer.Option(help='Required attributes: "gender=male and backpack=yes".')] = "",
    camera: CameraOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    top: Annotated[int, typer.Option(min=1, help="How many results.")] = 10,
    rerank: Annotated[bool, typer.Option("--rerank", help="Order the nearest 200 by their own neighbours.")] = False,
    evidence_only: Annotated[
        bool, typer.Option("--evidence-only", help="Leave out who is rather not the same person.")
    ] = False,
    expected: ExpectedOption = None,
    picture: Annotated[
        Path | None, typer.Option("--out", help="Ranked-list picture to write.", callback=drawable)
    ] = None,
    json_file: JsonOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Find persons by pictures, by attributes, or by both, of some cameras and times.

    Example: [bold]reseen gallery search hall --where "backpack=yes" --camera 2 --since 3600[/]
    """
    if not (query or where):
        raise ReseenError("nothing to search for: give --query, --where, or both")
    if unlike and not query:
        raise ReseenError("--unlike needs --query: give a picture of the person beside that of whom it is not")
    if query and checkpoint is None:
        checkpoint = unnamed("--checkpoint", "the gallery's model")
    if checkpoint is not None:
        checkpoint = check_model(checkpoint, "--checkpoint")
    for each in (*(query or ()), *(unlike or ())):
        existing_picture(each)
    need("gallery")
    from reseen.data.images.reference import image_of
    from reseen.search.gallery.finding.filters import Criteria
    from reseen.search.listing import matches_json
    from reseen.search.table import matches_table
    from reseen.search.where import parse_where

    with open_gallery(gallery) as opened:
        like = away = calibration = None
        if query and checkpoint is not None:
            embedder = load(checkpoint, device)
            like = embedder.embed([image_of(each) for each in query])
            away = embedder.embed([image_of(each) for each in unlike]) if unlike else None
            calibration = embedder.calibration
        cameras = None if camera is None else list(map(opened.names.camera, camera))
        results = opened.search(
            like,
            top,
            cameras=cameras,
            since=since,
            until=until,
            where=where,
            unlike=away,
            rerank=rerank,
            only_evidence=evidence_only,
            expected=expected,
            calibration=calibration,
        )
        note(results.note)
        if untimed := opened.untimed(Criteria(cameras=cameras, since=since, until=until)):
            note(f"{untimed:,} rows have no time, so that neither --since nor --until finds them")
        if json_file:
            write(json_file, matches_json(results, results.note))
            say_written(json_file)
            if results:
                opened.remember(json_file, results)
        if not results:
            out.print("rather nobody in the gallery is this person" if evidence_only else "nobody fulfils this")
            return
        schema = opened.schema
        wanted = parse_where(where, schema) if where and schema is not None else None
        out.print(matches_table(results, schema=schema, where=wanted))
        if picture:
            draw(opened, results, query[0] if query else None, picture, wanted, len(unlike or ()))


def check(gallery: GalleryArgument) -> None:
    """Read everything in a gallery and name every problem.

    Example: [bold]reseen gallery check hall[/]
    """
    with open_gallery(gallery) as opened:
        from reseen.search.gallery.check import check as look_over

        problems = look_over(opened)
        for problem in problems:
            out.print("[red]problem:[/] ", end="")
            out.print(problem, highlight=False, soft_wrap=True, markup=False)
        if problems:
            raise typer.Exit(1)
        out.print(f"{len(opened):,} rows, no problems", highlight=False)
