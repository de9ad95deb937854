"""What the commands on a gallery share: arguments, opening it, drawing what was found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.addresses import place_of
from reseen.console import say_written
from reseen.errors import ReseenError
from reseen.extras import need
from reseen.gallery_files import check_gallery, gallery_at, new_gallery_at, remove_empty

if TYPE_CHECKING:
    from reseen.search.gallery import Gallery, Results
    from reseen.search.where import AttributeFilter

GalleryArgument = Annotated[str, typer.Argument(help="Folder or address of the gallery.", callback=gallery_at)]
GalleryFolder = Annotated[Path, typer.Argument(help="Folder of the gallery.", callback=check_gallery)]
"""For what needs a gallery on disk: the application and what lies beside it."""
NewGalleryArgument = Annotated[
    str, typer.Argument(help="Folder or address of the gallery; made when missing.", callback=new_gallery_at)
]
CameraOption = Annotated[list[str] | None, typer.Option(help="Only this camera, by number or name; may be repeated.")]
SinceOption = Annotated[float | None, typer.Option(help="Only from this second on.")]
UntilOption = Annotated[float | None, typer.Option(help="Only up to this second.")]


def above_zero(expected: float | None) -> float | None:
    """Returns a number of pictures that can be expected.

    Raises:
        ReseenError: If it is none.
    """
    if expected is not None and not 0 < expected < math.inf:
        raise ReseenError(f"--expected {expected:g}: it is a number of pictures above 0")
    return expected


ExpectedOption = Annotated[
    float | None,
    typer.Option(
        help="How many pictures of the person the gallery may hold; changes probabilities.", callback=above_zero
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def retention_of(opened: Gallery) -> str:
    """Returns the retention in days, in plain figures however short it is."""
    import numpy as np

    return f"{np.format_float_positional(opened.retention, trim='-')} days"


def draw(
    opened: Gallery,
    found: Results,
    query: Path | None,
    picture: Path,
    where: AttributeFilter | None = None,
    unlike: int = 0,
) -> None:
    """Draws what was found, and has the gallery keep in mind whom the picture shows; see `matches_picture`."""
    from reseen.data.images.reference import image_of
    from reseen.explain.drawing.saving import save_picture
    from reseen.search.picture import matches_picture

    person = image_of(query) if query else None
    drawn = matches_picture(found, person, schema=opened.schema, where=where, unlike=unlike, picture_of=opened.picture)
    save_picture(drawn, picture)
    opened.remember(picture, found)
    say_written(picture)


@contextmanager
def filling(place: Path | str) -> Iterator[Gallery]:
    """Opens a gallery to add to, and makes a missing one; if nothing can be added, it is not left behind."""
    folder = place_of(str(place))
    new = isinstance(folder, Path) and not folder.exists()
    with open_gallery(place) as opened:
        try:
            yield opened
        except ReseenError:
            if new:
                with suppress(OSError, ReseenError), opened.store.writing(patient=False):
                    remove_empty(opened.folder)
            raise


def open_gallery(place: Path | str) -> Gallery:
    """Opens a gallery, or says which extra is missing."""
    need("gallery")
    from reseen.search.gallery import Gallery

    return Gallery.open(place)
