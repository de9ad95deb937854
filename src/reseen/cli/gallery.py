"""The commands on a gallery that is kept: `reseen gallery add`, `search`, `delete` and those around them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.checkpoint_files import check_model
from reseen.cli.options import (
    BatchOption,
    CheckpointArgument,
    CorruptOption,
    DeviceOption,
    existing,
    existing_picture,
    load,
)
from reseen.console import err, note, out, say_written, write
from reseen.errors import ReseenError
from reseen.extras import need
from reseen.gallery_files import check_gallery, check_new_gallery

if TYPE_CHECKING:
    from reseen.search.gallery import Gallery, Results
    from reseen.search.where import AttributeFilter

app = typer.Typer(no_args_is_help=True, help="Keep persons: add them, find them, delete them for good.")

GalleryArgument = Annotated[Path, typer.Argument(help="Folder of the gallery.", callback=check_gallery)]
NewGalleryArgument = Annotated[
    Path, typer.Argument(help="Folder of the gallery; made when missing.", callback=check_new_gallery)
]
CameraOption = Annotated[list[int] | None, typer.Option(help="Only this camera; may be repeated.")]
SinceOption = Annotated[float | None, typer.Option(help="Only from this second on.")]
UntilOption = Annotated[float | None, typer.Option(help="Only up to this second.")]
ExpectedOption = Annotated[
    float | None, typer.Option(help="How many pictures of the person the gallery may hold; changes probabilities.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def _draw(
    opened: Gallery, found: Results, query: Path | None, picture: Path, where: AttributeFilter | None = None
) -> None:
    """Draws what was found, and has the gallery keep in mind whom the picture shows."""
    from reseen.data.images.reference import image_of
    from reseen.explain.saving import save_picture
    from reseen.search.picture import matches_picture

    person = image_of(query) if query else None
    save_picture(matches_picture(found, person, schema=opened.schema, where=where, picture_of=opened.picture), picture)
    opened.remember(picture, found)
    say_written(picture)


def _open(folder: Path) -> Gallery:
    need("gallery")
    from reseen.search.gallery import Gallery

    return Gallery.open(folder)


@app.command("add")
def add(
    gallery: NewGalleryArgument,
    checkpoint: CheckpointArgument,
    images: Annotated[Path, typer.Option(help="Folder, zip or table of images, or a file.", callback=existing)],
    copy: Annotated[bool, typer.Option(help="Keep the pictures, not only their paths.")] = False,
    source: Annotated[str, typer.Option(help="Where they come from, to delete them by.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Also what was deleted before.")] = False,
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Embed images and keep them; what is there already is passed over.

    Example: [bold]reseen gallery add hall runs/NAME/last --images pictures/ --copy[/]
    """
    need("gallery")
    from reseen.embedding import open_place

    place = open_place(images)
    note(place.note)

    from reseen.progress import progress_of

    embedder = load(checkpoint, device)
    made = place.embeddings(embedder, batch_size=batch_size, max_corrupt=max_corrupt, bars=partial(progress_of, err))
    times = {image.name: image.seconds for image in place.images}
    seconds = [times.get(path) for path in made.paths or [""] * len(made)]
    with _open(gallery) as opened:
        new = opened.add(
            made,
            schema=embedder.schema,
            seconds=[float("nan") if each is None else each for each in seconds],
            source=source or str(images),
            copy=copy,
            again=again,
        )
        if embedder.calibration is not None:
            opened.calibration = embedder.calibration
        out.print(f"added {new:,} of {len(made):,}; {gallery} has {len(opened):,}", highlight=False)


@app.command("info")
def info(gallery: GalleryArgument) -> None:
    """Say what a gallery holds.

    Example: [bold]reseen gallery info hall[/]
    """
    with _open(gallery) as opened:
        layout = opened.layout
        size = sum(file.stat().st_size for file in gallery.rglob("*") if file.is_file())
        lines = [f"{len(opened):,} rows, {size / 1e6:,.1f} MB, retention {opened.retention:g} days"]
        if layout is not None:
            lines.append(f"model {layout.like.model[:12] or 'unknown'}, descriptors of {layout.searched_width:,}")
            lines.append(f"attributes: {', '.join(layout.schema.names) if layout.schema else 'none'}")
            known = opened.calibration
            told = "not calibrated" if known is None else f"calibrated on {known.persons:,} {known.source}"
            lines.append(f"same person: {told}")
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True, markup=False)


@app.command("search")
def search(
    gallery: GalleryArgument,
    checkpoint: Annotated[Path | None, typer.Option(help="The gallery's model; needed with --query.")] = None,
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
    picture: Annotated[Path | None, typer.Option("--out", help="Ranked-list picture to write.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Find persons by pictures, by attributes, or by both, of some cameras and times.

    Example: [bold]reseen gallery search hall --where "backpack=yes" --camera 2 --since 3600[/]
    """
    if not (query or where):
        raise ReseenError("nothing to search for: give --query, --where, or both")
    if query and checkpoint is None:
        raise ReseenError("--query needs the model that made the gallery: give --checkpoint")
    if checkpoint is not None:
        check_model(checkpoint)
    for each in (*(query or ()), *(unlike or ())):
        existing_picture(each)
    need("gallery")
    from reseen.data.images.reference import image_of
    from reseen.search.table import matches_table
    from reseen.search.where import parse_where

    with _open(gallery) as opened:
        like = away = calibration = None
        if query and checkpoint is not None:
            embedder = load(checkpoint, device)
            like = embedder.embed([image_of(each) for each in query])
            away = embedder.embed([image_of(each) for each in unlike]) if unlike else None
            calibration = embedder.calibration
        results = opened.search(
            like,
            top,
            cameras=camera,
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
        if not results:
            out.print("rather nobody in the gallery is this person" if evidence_only else "nobody fulfils this")
            return
        schema = opened.schema
        wanted = parse_where(where, schema) if where and schema is not None else None
        out.print(matches_table(results, schema=schema, where=wanted))
        if picture:
            _draw(opened, results, query[0] if query else None, picture, wanted)


@app.command("delete")
def delete(
    gallery: GalleryArgument,
    camera: CameraOption = None,
    person: Annotated[list[int] | None, typer.Option(help="Only this person id; may be repeated.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only from this source; may be repeated.")] = None,
    path: Annotated[list[str] | None, typer.Option(help="Only with this path; may be repeated.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    yes: YesOption = False,
) -> None:
    """Delete rows for good: pictures, descriptors, index entries and old versions. All that is said must hold.

    Example: [bold]reseen gallery delete hall --camera 3 --until 86400[/]
    """
    if not any(each is not None for each in (camera, person, source, path, since, until)):
        raise ReseenError("say what to delete: --camera, --person, --source, --path, --since or --until")
    need("gallery")
    from reseen.search.gallery.filters import Criteria

    criteria = Criteria(cameras=camera, pids=person, since=since, until=until, paths=path, sources=source)
    with _open(gallery) as opened:
        count = opened.count(criteria)
        if count and not yes:
            typer.confirm(f"Delete {count:,} of {len(opened):,} rows for good?", abort=True)
        gone = opened.remove(criteria.filter()).rows
        out.print(f"deleted {gone:,} rows; {gallery} has {len(opened):,}", highlight=False)


@app.command("erase")
def erase(
    gallery: GalleryArgument,
    checkpoint: Annotated[Path, typer.Option(help="The gallery's model.", callback=check_model)],
    like: Annotated[list[Path], typer.Option(help="Picture of the person; may be repeated.")],
    within: Annotated[float | None, typer.Option(help="Up to this distance, not as far as the evidence.")] = None,
    expected: ExpectedOption = None,
    drawn: Annotated[Path | None, typer.Option("--show", help="Picture of what is found, to look at first.")] = None,
    receipt: Annotated[Path | None, typer.Option(help="Receipt to write, as JSON.")] = None,
    yes: YesOption = False,
    device: DeviceOption = "auto",
) -> None:
    """Find all pictures of a person, show them, and delete them for good.

    Example: [bold]reseen gallery erase hall --checkpoint runs/NAME/last --like person.jpg --show found.png[/]
    """
    for each in like:
        existing_picture(each)
    need("gallery")
    from reseen.data.images.reference import image_of
    from reseen.search.gallery.erasing import erase as erase_matches
    from reseen.search.gallery.erasing import pictures_of
    from reseen.search.table import matches_table

    with _open(gallery) as opened:
        embedder = load(checkpoint, device)
        descriptors = embedder.embed([image_of(each) for each in like])
        found = pictures_of(opened, descriptors, within=within, expected=expected, calibration=embedder.calibration)
        if not found:
            out.print("rather nobody in the gallery is this person, so nothing was deleted")
            return
        out.print(matches_table(found, schema=opened.schema))
        if drawn:
            _draw(opened, found, like[0], drawn)
        if not yes:
            typer.confirm(f"Delete these {len(found):,} of {len(opened):,} rows for good?", abort=True)
        made = erase_matches(opened, found)
    for line in made.lines():
        out.print(line, highlight=False, soft_wrap=True, markup=False)
    if receipt:
        write(receipt, json.dumps(made.as_dict(), indent=2))
        say_written(receipt)


@app.command("retention")
def retention(
    gallery: GalleryArgument,
    days: Annotated[float | None, typer.Option(help="Set the retention.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Delete what is older, for good.")] = False,
) -> None:
    """Show or set after how many days rows are to be deleted, and delete those.

    Example: [bold]reseen gallery retention hall --days 3 --apply[/]
    """
    with _open(gallery) as opened:
        if days is not None:
            opened.retention = days
        out.print(f"retention {opened.retention:g} days", highlight=False)
        if apply:
            gone = opened.expire()
            out.print(f"deleted {gone:,} rows; {gallery} has {len(opened):,}", highlight=False)


@app.command("reindex")
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
    with _open(gallery) as opened:
        from reseen.progress import progress_of
        from reseen.search.gallery.reindex import reindex as move

        embedder = load(checkpoint, device)
        with progress_of(err, "embedding images") as progress:
            lost = move(opened, embedder, batch=batch_size, max_lost=max_lost, progress=progress)
        if embedder.calibration is not None:
            opened.calibration = embedder.calibration
        out.print(f"{len(opened):,} rows of model {embedder.digest[:12]}, {lost:,} lost", highlight=False)


@app.command("check")
def check(gallery: GalleryArgument) -> None:
    """Read everything in a gallery and name every problem.

    Example: [bold]reseen gallery check hall[/]
    """
    with _open(gallery) as opened:
        from reseen.search.gallery.check import check as look_over

        problems = look_over(opened)
        for problem in problems:
            out.print("[red]problem:[/] ", end="")
            out.print(problem, highlight=False, soft_wrap=True, markup=False)
        if problems:
            raise typer.Exit(1)
        out.print(f"{len(opened):,} rows, no problems", highlight=False)
