"""Which files a picture can be drawn to; known down here, so that a wrong suffix is told of at once."""

from __future__ import annotations

from pathlib import Path

from reseen.errors import ReseenError

_FIGURES = ("png", "svg", "pdf")


def picture_format(path: Path) -> str:
    """Returns Pillow's name of the format that a picture's suffix stands for, such as ``PNG``.

    Raises:
        ReseenError: If it stands for none that can be written.
    """
    from PIL import Image

    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise ReseenError(f"cannot draw to {path}: use one of .png, .jpg, .webp")
    return kind


def figure_format(path: Path) -> str:
    """Returns the format that a figure's suffix stands for, such as ``svg``.

    Raises:
        ReseenError: If it is another one.
    """
    kind = path.suffix.lstrip(".").lower()
    if kind not in _FIGURES:
        raise ReseenError(f"cannot draw to {path}: use one of {', '.join(f'.{each}' for each in _FIGURES)}")
    return kind
