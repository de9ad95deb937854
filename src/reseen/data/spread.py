"""Some of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


def spread(items: Sequence[_T], most: int | None) -> Sequence[_T]:
    """Returns at most so many of the items, evenly spread over them; None for all."""
    return items[:: -(-len(items) // most) if most and items else 1]
