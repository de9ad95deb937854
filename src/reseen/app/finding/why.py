"""Why two pictures are near or far, for the page and the API; what was computed once is kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.state.users import User
from reseen.app.web.problems import missing
from reseen.app.web.uploads import jpeg
from reseen.app.words import label
from reseen.data.person import PersonImage
from reseen.explain.drawing.enlarging import at_height
from reseen.explain.drawing.overlay import overlay, scaled
from reseen.explain.occlusion import occlusion_maps
from reseen.explain.pair import Agreement, Pair, compare, maps_of

_HEIGHT = 384
"""Pictures are enlarged to this many pixels, so that maps are drawn smoothly over small crops."""
_KEPT = 64


class Explainer:
    """Compares pictures with the desk's model, one pair at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._making = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def why(self, user: User, one: str, other: str, map_name: str = "") -> messages.Why:
        """Compares two pictures by their references.

        Raises:
            HTTPException: 404 if one is not there or not theirs to see, or the map is of what is turned off.
            ReseenError: If there is no such map.
        """
        pair, names = self._pair(user, one, other, map_name)
        schema = self._desk.schema()
        shown = set(schema.names) if schema else set()
        covering = None
        if pair.covering is not None:
            tested = pair.covering
            covering = messages.CoveringTest(
                map=tested.name, share=tested.share, by_map=tested.by_map, by_chance=tested.by_chance
            )
        return messages.Why(
            one=one,
            other=other,
            distance=pair.distance,
            total=pair.total,
            squared=pair.squared,
            parts=tuple(messages.Part(name=name, value=value) for name, value in pair.parts.items()),
            attributes=tuple(_side_by_side(each) for each in pair.attributes if each.name in shown),
            covering=covering,
            maps=tuple(name for name in names if self._may_show(name)),
        )

    def map_picture(self, user: User, reference: str, name: str) -> bytes:
        """Returns a picture with one of its maps over it, as JPEG; ``picture`` is the picture without one.

        Raises:
            HTTPException: 404 if there is no such picture or map.
        """
        image = self._desk.picture(user, reference)
        picture = _shown(image)
        if name == "picture":
            return jpeg(picture)
        maps = self._maps(image)
        if name not in maps or not self._may_show(name):
            raise missing(f"map {name[:40]!r} of this picture")
        values = maps[name] if name.startswith("attention") else scaled(maps[name])
        return jpeg(overlay(picture, values))

    def part_picture(self, user: User, one: str, other: str, part: str) -> bytes:
        """Returns the first picture with the places over it that a part of the distance depends on, as JPEG.

        Raises:
            HTTPException: 404 if there is no such picture or part.
        """
        first, second = self._desk.picture(user, one), self._desk.picture(user, other)

        def compute() -> dict[str, NDArray[np.float64]]:
            with self._desk.computing:
                return occlusion_maps(self._desk.embedder, first, second)

        maps: dict[str, NDArray[np.float64]] = self._once(("parts", first, second), compute)
        if part not in maps:
            raise missing(f"part {part[:40]!r} of the distance")
        return jpeg(overlay(_shown(first), scaled(maps[part])))

    def covered_picture(self, user: User, one: str, other: str, map_name: str, by_chance: bool) -> bytes:
        """Returns the first picture as it was covered for the test, as JPEG.

        Raises:
            HTTPException: 404 if a picture is not there, the model has no maps, or the map is of what is turned off.
        """
        pair, _ = self._pair(user, one, other, map_name)
        if pair.covering is None:
            raise missing("map of this picture: the model has none")
        return jpeg(pair.covering.chance_picture if by_chance else pair.covering.picture)

    def _pair(self, user: User, one: str, other: str, map_name: str) -> tuple[Pair, tuple[str, ...]]:
        first, second = self._desk.picture(user, one), self._desk.picture(user, other)
        if not self._may_show(map_name):
            raise missing(f"map {map_name[:40]!r} of this picture")

        def compute() -> tuple[Pair, tuple[str, ...]]:
            with self._desk.computing:
                return compare(self._desk.embedder, first, second, map_name=map_name), tuple(
                    maps_of(self._desk.embedder, first)
                )

        pair, names = self._once(("pair", first, second, map_name), compute)
        if pair.covering is not None and not self._may_show(pair.covering.name):
            pair = replace(pair, covering=None)  # where all maps are of attributes, the first is tested unasked
        return pair, names

    def _maps(self, image: PersonImage) -> Any:
        def compute() -> Any:
            with self._desk.computing:
                return maps_of(self._desk.embedder, image)

        return self._once(("maps", image), compute)

    def _may_show(self, name: str) -> bool:
        schema = self._desk.schema()
        return not name.startswith("attribute/") or (schema is not None and name.partition("/")[2] in schema.names)

    def _once(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Computes something, or waits for whoever is at it: a page asks for all maps of a picture at the same time."""
        with self._making:
            if key not in self._kept:
                self._kept[key] = compute()
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def forget(self) -> None:
        """Lets go of everything that was computed: called whenever something is deleted."""
        with self._making:
            self._kept.clear()


def _shown(image: PersonImage) -> Image.Image:
    return at_height(image.open(), _HEIGHT)


def _side_by_side(each: Agreement) -> messages.AttributePair:
    one, other = (
        messages.ReadAttribute(name=each.name, label=label(each.name), value=value, probability=probability)
        for value, probability in (each.one, each.other)
    )
    return messages.AttributePair(
        name=each.name, label=label(each.name), one=one, other=other, agrees=each.agrees, same=each.same
    )
