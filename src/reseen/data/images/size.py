"""A picture's size as people write it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field


def parse_size(value: object) -> object:
    """Turns ``128x64`` into numbers, and leaves what is no text as it is.

    Raises:
        ValueError: If it is a single number or another text.
    """
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+)[xX×](\d+)", value.strip())):
        return int(match[1]), int(match[2])
    if isinstance(value, str | int):
        raise ValueError(f"{value!r} is no HEIGHTxWIDTH such as 128x64")
    return value


Side = Annotated[int, Field(ge=32, le=4096)]
Size = Annotated[tuple[Side, Side], BeforeValidator(parse_size)]
"""Height and width in pixels, or a text such as ``128x64``; below 32 no backbone here leaves a feature map."""
