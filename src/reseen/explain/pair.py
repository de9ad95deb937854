"""Why two pictures are near or far: the distance taken apart, attributes side by side, and what covering a map does."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.person import PersonImage
from reseen.descriptors.distance import Sum
from reseen.descriptors.distances import exact_squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.explain.faithfulness import covered, hottest, mean_colour, moved
from reseen.models.backends.backend import TorchBackend
from reseen.models.embedder import Embedder

_SHARE = 0.2
"""Of the picture that is covered: about a head and shoulders."""
_DRAWS = 4
"""Random places that are covered beside the map's."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One attribute of two pictures.

    Attributes:
        name: The attribute.
        one: What was read in the first picture, and how probable that is.
        other: The same of the second.
        same: Probability that both have the same class, the two taken as independent: Σ p₁(c) p₂(c); of a
            multi-label attribute the product over its classes.
    """

    name: str
    one: tuple[str, float]
    other: tuple[str, float]
    same: float

    @property
    def agrees(self) -> bool:
        return self.one[0] == self.other[0]


@dataclass(frozen=True, slots=True, eq=False)
class Covering:
    """What covering the hottest places of a map in the first picture does to the distance, beside other places.

    Attributes:
        name: The map.
        share: Of the picture's area that was covered.
        by_map: Distance with the map's hottest places covered.
        by_chance: Distances with the same shape covered elsewhere.
        picture: The first picture as it was covered by the map.
        chance_picture: The first of those covered elsewhere.
    """

    name: str
    share: float
    by_map: float
    by_chance: tuple[float, ...]
    picture: Image.Image
    chance_picture: Image.Image


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two pictures compared.

    Attributes:
        distance: As it is searched by.
        parts: The distance by the descriptor's parts: shares of its *square*, or the terms of a sum of distances. They
            add up to `total`.
        squared: Whether the parts add up to the square.
        attributes: In the schema's order; empty for a system without attributes.
        covering: None for a system without maps.
    """

    distance: float
    parts: Mapping[str, float]
    squared: bool
    attributes: tuple[Agreement, ...]
    covering: Covering | None

    @property
    def total(self) -> float:
        """What the parts add up to."""
        return self.distance**2 if self.squared else self.distance


def compare(embedder: Embedder, one: PersonImage, other: PersonImage, *, map_name: str = "") -> Pair:
    """Compares two pictures. The second stays as it is; parts of the first are covered.

    Args:
        embedder: The model.
        one: A picture.
        other: Another one.
        map_name: The map to test; by default the merged one if there is any, else the identity's, else the first.

    Raises:
        ReseenError: If a picture cannot be read, or there is no such map.
    """
    maps = maps_of(embedder, one)
    picture = one.open()
    tried = _coverings(picture, maps, map_name)
    embedded = embedder.embed([other, one, *(encoded(each) for each in tried)])
    distances = _distances(embedded[[0]], embedded[1:])
    shares = embedded.distance.split(embedded[[0]], embedded, np.array([1]))
    name = map_name or _default(maps)
    covering = None
    if tried:
        covering = Covering(name, _SHARE, distances[1], tuple(distances[2:]), tried[0], tried[1])
    return Pair(
        distances[0],
        {part: float(values[0]) for part, values in shares.items()},
        not isinstance(embedded.distance, Sum),
        _agreements(embedder, embedded),
        covering,
    )


def maps_of(embedder: Embedder, image: PersonImage) -> dict[str, NDArray[np.float32]]:
    """Returns every map (h, w) that the system has of a picture, by name; none if it runs as a graph.

    Raises:
        ReseenError: If the picture cannot be read.
    """
    if not isinstance(embedder.backend, TorchBackend):
        return {}
    return {name: values[0].float().cpu().numpy() for name, values in embedder.describe(image).maps.items()}


def _coverings(picture: Image.Image, maps: Mapping[str, NDArray[np.float32]], name: str) -> list[Image.Image]:
    """Returns the picture with a map's hottest places covered by its mean colour, then with other places covered."""
    if name and name not in maps:
        raise ReseenError(f"there is no map {name!r} of this picture; there are: {', '.join(maps) or 'none'}")
    if not maps:
        return []
    pixels = np.asarray(picture)
    mask = hottest(maps[name or _default(maps)], (pixels.shape[0], pixels.shape[1]), _SHARE)
    generator = np.random.default_rng(0)  # the same pair gives the same answer
    masks = [mask, *(moved(mask, generator) for _ in range(_DRAWS))]
    return [Image.fromarray(covered(pixels, each, mean_colour(pixels))) for each in masks]


def _default(maps: Mapping[str, NDArray[np.float32]]) -> str:
    return next((name for name in ("attention", "id") if name in maps), next(iter(maps), ""))


def encoded(picture: Image.Image) -> PersonImage:
    """Returns a picture as an image of nobody known, without a file."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return PersonImage(file.getvalue())


def _distances(one: Embeddings, others: Embeddings) -> list[float]:
    first = [space[0] for space in one.spaces()]
    squares = exact_squared_distances(first, others.spaces(), np.arange(len(others)))
    return [float(value) for value in np.sqrt(squares)]


def _agreements(embedder: Embedder, embedded: Embeddings) -> tuple[Agreement, ...]:
    tables: Mapping[str, NDArray[np.float32]] = embedded.attributes or {}
    agreements = []
    for attribute in embedder.schema or ():
        if attribute.name in tables:
            other, one = tables[attribute.name][:2].astype(np.float64)
            both: Sequence[float] = (one * other + (1 - one) * (1 - other)).tolist()
            same = float(np.prod(both)) if attribute.kind == "multi_label" else float(one @ other)
            agreements.append(Agreement(attribute.name, attribute.read(one), attribute.read(other), same))
    return tuple(agreements)
