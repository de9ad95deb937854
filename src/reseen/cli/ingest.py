"""`reseen ingest`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli.gallery.common import filling
from reseen.cli.options import DeviceOption, drawable, load, model_at, need_engine
from reseen.console import err, note, out, say_written
from reseen.errors import ReseenError
from reseen.extras import need
from reseen.gallery_files import check_new_gallery

if TYPE_CHECKING:
    from reseen.ingest.into_gallery import Person
    from reseen.search.gallery import Gallery


def seconds_of(time: str) -> float:
    """Returns seconds since 1970.

    Args:
        time: Such seconds, or date and time in the form of ISO 8601, by this machine's clock unless it has a zone.

    Raises:
        ReseenError: If it is neither.
    """
    for read in (float, _by_the_clock):
        with suppress(ValueError):
            if math.isfinite(seconds := read(time)):
                return seconds
    raise ReseenError(f"--start {time}: write 2026-05-01T08:30:00, or seconds since 1970")


def _by_the_clock(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def _existing(place: Path) -> Path:
    if not place.exists():
        raise ReseenError(f"{place} does not exist; name a video, a folder of pictures or a zip")
    return place


def ingest(
    place: Annotated[
        Path, typer.Argument(help="Video, or folder or zip of pictures of several people.", callback=_existing)
    ],
    gallery: Annotated[Path, typer.Option(help="Gallery to add to; made when missing.", callback=check_new_gallery)],
    checkpoint: Annotated[Path, typer.Option(help="The gallery's model.", callback=model_at)],
    camera: Annotated[int, typer.Option(help="Number of the camera.")],
    start: Annotated[str, typer.Option(help="When it was taken: 2026-05-01T08:30:00, or seconds since 1970.")] = "",
    detector: Annotated[
        str,
        typer.Option(help="hog, a detector or pose network (.xml, .onnx), or torchvision's weights (.pth)."),
    ] = "hog",
    fps: Annotated[float, typer.Option(help="Frames a second to look at.")] = 5.0,
    keep: Annotated[int, typer.Option(min=1, help="Crops of a track, at most.")] = 4,
    smallest: Annotated[int, typer.Option(min=1, help="Pixels from head to foot, at least.")] = 48,
    sheet: Annotated[Path | None, typer.Option(help="Contact sheet to draw, .png or .jpg.", callback=drawable)] = None,
    source: Annotated[str, typer.Option(help="Where they come from, to delete them by; else the absolute path.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Also what was added or deleted before.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Find and follow the people in a video, and keep their best crops; called again, it goes on where it stopped.

    Example: [bold]reseen ingest entrance.mp4 --gallery hall --checkpoint runs/NAME/last --camera 2[/]
    """
    second = seconds_of(start) if start else None
    need("gallery", "ingest")
    need_engine(checkpoint, None)
    from reseen.ingest.detectors.detector import check_detector

    check_detector(detector)
    from reseen.ingest import Settings, open_detector
    from reseen.ingest import ingest as take
    from reseen.progress import progress_of

    settings = Settings(camera, second, rate=fps, keep=keep, smallest=smallest)
    finder = open_detector(detector)
    embedder = load(checkpoint, device)
    with filling(gallery) as opened:
        try:
            with progress_of(err, "looking for people") as progress:
                done = take(place, opened, embedder, finder, settings, source=source, again=again, progress=progress)
        except KeyboardInterrupt:
            err.print("stopped; the same command goes on", highlight=False)
            raise typer.Exit(130) from None
        note(done.note)
        crops = sum(len(person.crops) for person in done.people)
        out.print(
            f"{len(done.people):,} people, {crops:,} crops, {done.added:,} of them new; {gallery} has {len(opened):,}",
            highlight=False,
        )
        if sheet and done.people:
            _draw(done.people, sheet, opened)


def _draw(people: Sequence[Person], sheet: Path, gallery: Gallery) -> None:
    """Draws a contact sheet, and has the gallery keep in mind whom it shows."""
    from reseen.explain.drawing.saving import save_picture
    from reseen.ingest.sheet import sheet_of, shown_of
    from reseen.search.gallery.keeping.rows import content_hash

    save_picture(sheet_of(people), sheet)
    gallery.remember(sheet, (content_hash(crop.picture) for person in shown_of(people) for crop in person.crops))
    say_written(sheet)
