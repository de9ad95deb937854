"""Commands that take persons out of a gallery for good: `reseen gallery delete`, `erase` and `retention`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli.gallery.common import (
    CameraOption,
    ExpectedOption,
    GalleryArgument,
    SinceOption,
    UntilOption,
    YesOption,
    draw,
    open_gallery,
    retention_of,
)
from reseen.cli.options import (
    DeviceOption,
    drawable,
    existing_picture,
    load,
    model_at,
    writable,
)
from reseen.console import err, note, out, say_written, write
from reseen.errors import ReseenError
from reseen.extras import need

if TYPE_CHECKING:
    from reseen.search.gallery import Gallery
    from reseen.search.gallery.deleting.receipt import Receipt


_BELOW = 10
"""So many pictures that stay only just are listed below the line."""


def delete(
    gallery: GalleryArgument,
    camera: CameraOption = None,
    person: Annotated[
        list[str] | None, typer.Option(help="Only this person, by number or name; may be repeated.")
    ] = None,
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
    from reseen.data.images.reference import resolved
    from reseen.search.gallery.contents import contents_of
    from reseen.search.gallery.finding.filters import Criteria

    # As `reseen gallery add` has written them, and others.
    paths = path and [*path, *map(resolved, path)]
    sources = source and [*source, *(str(Path(each).resolve()) for each in source)]
    with open_gallery(gallery) as opened:
        criteria = Criteria(
            cameras=None if camera is None else list(map(opened.names.camera, camera)),
            pids=None if person is None else list(map(opened.names.person, person)),
            since=since,
            until=until,
            paths=paths,
            sources=sources,
        )
        count = opened.count(criteria)
        if untimed := opened.untimed(criteria):
            note(f"{untimed:,} rows have no time, so that neither --since nor --until reaches them: they stay")
        if count and not yes:
            typer.confirm(f"Delete {count:,} of {len(opened):,} rows for good?", abort=True)
        made = opened.remove(criteria.filter())
        _say_gone(made, opened)
        if not any(made.tables.values()):
            there = "; ".join(contents_of(opened).lines()) or "no rows"
            note(f"nothing fulfils this; {gallery} has {there}")
        _end(made)


def erase(
    gallery: GalleryArgument,
    checkpoint: Annotated[Path, typer.Option(help="The gallery's model.", callback=model_at)],
    like: Annotated[list[Path], typer.Option(help="Picture of the person; may be repeated.")],
    within: Annotated[float | None, typer.Option(help="Up to this distance, not as far as the evidence.")] = None,
    expected: ExpectedOption = None,
    drawn: Annotated[
        Path | None,
        typer.Option(
            "--show", help="Picture of what is found, to look at first; it goes with them.", callback=drawable
        ),
    ] = None,
    receipt: Annotated[Path | None, typer.Option(help="Receipt to write, as JSON.", callback=writable)] = None,
    yes: YesOption = False,
    device: DeviceOption = "auto",
) -> None:
    """Find the pictures in which the model recognises a person, show them, and delete them for good.

    Pictures of the person that it does not recognise stay, and those of somebody else that it takes for theirs go.

    Example: [bold]reseen gallery erase hall --checkpoint runs/NAME/last --like person.jpg --show found.png[/]
    """
    if drawn and yes:
        raise ReseenError(
            "--show draws what to look at before you are asked, and goes with it; with --yes you are not: leave one out"
        )
    for each in like:
        existing_picture(each)
    need("gallery")
    from reseen.data.images.reference import image_of
    from reseen.search.gallery.erasing import MOST, pictures_of, stays
    from reseen.search.gallery.erasing import erase as erase_matches
    from reseen.search.table import matches_table

    with open_gallery(gallery) as opened:
        embedder = load(checkpoint, device)
        descriptors = embedder.embed([image_of(each) for each in like])
        found = pictures_of(opened, descriptors, within=within, expected=expected, calibration=embedder.calibration)
        note(found.note)
        near = found.near or ()
        if not found:
            told = "rather nobody in the gallery is this person"
            if within is not None and found.rest:
                told = f"nobody within {within:g}; the nearest is at {found.rest[0].distance:.4g}"
            out.print(f"{told}, so nothing was deleted", highlight=False)
            note(stays(len(near)) if near else "")
            return
        below = near[:_BELOW] if within is None else ()
        out.print(matches_table([*found, *below], schema=opened.schema))
        if len(found) >= MOST:
            note(f"these are the nearest {MOST:,}, and there may be more: call it again afterwards")
        if drawn:
            draw(opened, found, like[0], drawn)
        if not yes:
            chosen = f"the {len(found):,} above the line" if below else f"these {len(found):,}"
            typer.confirm(f"Delete {chosen} of {len(opened):,} rows for good?", abort=True)
        made = erase_matches(opened, found)
    for line in made.lines():
        out.print(line, highlight=False, soft_wrap=True, markup=False)
    if receipt:
        write(receipt, json.dumps(made.as_dict(), indent=2))
        say_written(receipt)
    if made.found:
        err.print(
            f"the deletion has failed: something of these rows is still in {made.found:,} files of {gallery}; keep "
            "others out of it, and look it over with reseen gallery check",
            highlight=False,
            soft_wrap=True,
            markup=False,
        )
        raise typer.Exit(1)
    _end(made)


def retention(
    gallery: GalleryArgument,
    days: Annotated[float | None, typer.Option(help="Set the retention.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Delete what is older, for good.")] = False,
    yes: YesOption = False,
) -> None:
    """Show or set after how many days rows are to be deleted, and delete those.

    Example: [bold]reseen gallery retention hall --days 3 --apply[/]
    """
    with open_gallery(gallery) as opened:
        if days is not None:
            opened.retention = days
        out.print(f"retention {retention_of(opened)}", highlight=False)
        if apply:
            from reseen.search.gallery.overview import expired_count

            now = time.time()
            count = expired_count(opened, now)
            if count and not yes:
                typer.confirm(f"Delete what is older, {count:,} of {len(opened):,} rows, for good?", abort=True)
            made = opened.expire(now)
            _say_gone(made, opened)
            _end(made)


def _say_gone(made: Receipt, left: Gallery) -> None:
    for line in (f"deleted {made.rows:,} rows; {left.place} has {len(left):,}", *made.drawn_lines()):
        out.print(line, highlight=False, soft_wrap=True, markup=False)


def _end(made: Receipt) -> None:
    """Ends with exit code 1 if pictures that show who was deleted are still there; the receipt names them."""
    if made.undeleted:
        raise typer.Exit(1)
