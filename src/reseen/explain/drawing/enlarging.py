"""Pictures brought to the height that they are drawn at."""

from __future__ import annotations

from PIL import Image

_WIDEST = 4
"""Times the height: what is wider is squeezed, so that a panorama does not become a sheet that no memory holds."""


def at_height(picture: Image.Image, height: int) -> Image.Image:
    """Returns an RGB picture of a height in pixels, as wide as its shape asks for: at least one pixel."""
    width = round(height * picture.width / picture.height)
    return picture.convert("RGB").resize((min(max(1, width), _WIDEST * height), height), Image.Resampling.BICUBIC)
