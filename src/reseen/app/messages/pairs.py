"""What is said of two pictures compared."""

from __future__ import annotations

from reseen.app.messages.base import Message
from reseen.app.messages.rows import ReadAttribute


class Part(Message):
    """What one part of the descriptor has to do with the distance: a share of its square, or a term of a sum."""

    name: str
    value: float


class AttributePair(Message):
    """One attribute of two pictures, and the probability that both have the same class."""

    name: str
    label: str
    one: ReadAttribute
    other: ReadAttribute
    agrees: bool
    same: float


class CoveringTest(Message):
    """How far the distance moves when the hottest places of a map are covered, and when others are.

    Attributes:
        map: The map.
        share: Of the picture's area that was covered.
        by_map: The distance with the map's places covered.
        by_chance: The distances with the same shape covered elsewhere.
    """

    map: str
    share: float
    by_map: float
    by_chance: tuple[float, ...]


class Why(Message):
    """Two pictures compared.

    Attributes:
        one: The first picture's reference.
        other: The second's.
        distance: Between them.
        total: What the parts add up to: the distance or its square.
        squared: Whether it is the square.
        parts: The distance taken apart.
        attributes: Side by side.
        covering: None for a model without maps.
        maps: Names of the maps of either picture.
    """

    one: str
    other: str
    distance: float
    total: float
    squared: bool
    parts: tuple[Part, ...]
    attributes: tuple[AttributePair, ...]
    covering: CoveringTest | None
    maps: tuple[str, ...]
