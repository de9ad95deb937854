"""Writing pictures so that a half-written one is never left behind."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from reseen.errors import ReseenError
from reseen.files import replacing


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure; the suffix decides the format (``.png``, ``.svg``, ``.pdf``).

    Raises:
        ReseenError: If the format is unknown or the file cannot be written.
    """
    kind = path.suffix.lstrip(".").lower()
    kinds = figure.canvas.get_supported_filetypes()
    if kind not in kinds:
        raise ReseenError(f"cannot draw to {path}: use one of .png, .svg, .pdf")
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
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise ReseenError(f"cannot draw to {path}: use one of .png, .jpg, .webp")
    try:
        with replacing(path) as partial:
            picture.save(partial, format=kind)
    except OSError as error:
        raise ReseenError(f"cannot write {path}: {error}") from error
