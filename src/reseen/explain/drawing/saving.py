"""Writing pictures so that a half-written one is never left behind."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from reseen.errors import ReseenError
from reseen.files import replacing
from reseen.picture_files import figure_format, picture_format


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure; the suffix decides the format (``.png``, ``.svg``, ``.pdf``).

    Raises:
        ReseenError: If the format is unknown or the file cannot be written.
    """
    kind = figure_format(path)
    try:
        with replacing(path) as partial:
            figure.savefig(partial, format=kind)
    except OSError as error:
        raise ReseenError(f"cannot write {path}: {error}") from error


def save_picture(picture: Image.Image, path: Path) -> None:
    """Writes a picture; the suffix decides the format (``.png``, ``.jpg``, ``.webp``).

    Raises:
        ReseenError: If the format is unknown or the file cannot be written.
    """
    kind = picture_format(path)
    try:
        with replacing(path) as partial:
            picture.save(partial, format=kind)
    except OSError as error:
        raise ReseenError(f"cannot write {path}: {error}") from error
