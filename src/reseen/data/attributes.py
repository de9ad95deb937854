"""Attributes of persons in one schema: their classes, where on the body they show, and which are unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError

UNKNOWN = -1
"""Class index of an attribute that is not known: left out of losses and metrics, never guessed."""

Region = Literal["global", "top", "middle", "bottom"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute.

    Attributes:
        name: Such as ``upper_color``.
        classes: Class names in index order; binary attributes are ``("no", "yes")`` or have names of
            their own (``("male", "female")``).
        regions: Parts of the body it shows on; the mean of these regions' vectors feeds its classifier
            (spec aanet.md: the table of which V vector feeds which classifier).
        in_attention: Whether AANet's attribute attention map uses it.
    """

    name: str
    classes: tuple[str, ...]
    regions: tuple[Region, ...] = ("global",)
    in_attention: bool = False

    @property
    def is_binary(self) -> bool:
        return len(self.classes) == 2

    def index(self, class_name: str) -> int:
        """Returns the index of a class.

        Raises:
            ReseenError: If there is no such class; the message lists those that exist.
        """
        try:
            return self.classes.index(class_name)
        except ValueError:
            raise ReseenError(
                f"attribute {self.name!r} has no value {class_name!r}; it has: {', '.join(self.classes)}"
            ) from None


@dataclass(frozen=True, slots=True)
class AttributeSchema:
    """The named attributes of a data set, in a fixed order."""

    name: str
    attributes: tuple[Attribute, ...]

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.attributes)

    def __len__(self) -> int:
        return len(self.attributes)

    def __getitem__(self, name: str) -> Attribute:
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise ReseenError(f"schema {self.name!r} has no attribute {name!r}; it has: {', '.join(self.names)}")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    def with_attention(self, names: Sequence[str]) -> AttributeSchema:
        """Returns the schema with exactly these attributes in AANet's attention map.

        Raises:
            ReseenError: If one of them is not in the schema.
        """
        chosen = {self[name].name for name in names}
        attributes = tuple(replace(attribute, in_attention=attribute.name in chosen) for attribute in self)
        return replace(self, attributes=attributes)

    def encode(self, labels: Sequence[Mapping[str, int]]) -> NDArray[np.int64]:
        """Returns class indices (N, A) in schema order, ``UNKNOWN`` where a label is missing."""
        return np.array(
            [[label.get(name, UNKNOWN) for name in self.names] for label in labels], dtype=np.int64
        ).reshape(len(labels), len(self))


_NO_YES = ("no", "yes")

MARKET1501_SCHEMA = AttributeSchema(
    "market1501",
    (
        Attribute("gender", ("male", "female"), ("global",), in_attention=True),
        Attribute("age", ("child", "teenager", "adult", "old"), ("global",)),
        Attribute("hair", ("short", "long"), ("top",), in_attention=True),
        Attribute("sleeve", ("long", "short"), ("top", "middle")),
        Attribute("lower_length", ("long", "short"), ("bottom", "middle"), in_attention=True),
        Attribute("lower_type", ("dress", "trousers"), ("bottom", "middle"), in_attention=True),
        Attribute("hat", _NO_YES, ("top",)),
        Attribute("backpack", _NO_YES, ("global",)),
        Attribute("bag", _NO_YES, ("global",)),
        Attribute("handbag", _NO_YES, ("global",)),
        Attribute(
            "upper_color",
            ("black", "white", "red", "purple", "gray", "blue", "green", "yellow"),
            ("top", "middle"),
            in_attention=True,
        ),
        Attribute(
            "lower_color",
            ("black", "white", "pink", "gray", "blue", "green", "brown", "yellow", "purple"),
            ("bottom", "middle"),
            in_attention=True,
        ),
    ),
)
"""Lin et al.'s labels of Market-1501.

Class index = value in their ``.mat`` minus one; colours stand in the order of their example prediction.
"""

DUKE_SCHEMA = AttributeSchema(
    "dukemtmc",
    (
        Attribute("gender", ("male", "female"), ("global",), in_attention=True),
        Attribute("hat", _NO_YES, ("top",)),
        Attribute("boots", _NO_YES, ("bottom", "middle")),
        Attribute("upper_length", ("short", "long"), ("top", "middle"), in_attention=True),
        Attribute("backpack", _NO_YES, ("global",)),
        Attribute("handbag", _NO_YES, ("global",)),
        Attribute("bag", _NO_YES, ("global",)),
        Attribute("shoe_color", ("dark", "light"), ("bottom", "middle")),
        Attribute(
            "upper_color",
            ("black", "white", "red", "purple", "gray", "blue", "green", "brown"),
            ("top", "middle"),
            in_attention=True,
        ),
        Attribute(
            "lower_color",
            ("black", "white", "red", "gray", "blue", "green", "brown"),
            ("bottom", "middle"),
            in_attention=True,
        ),
    ),
)
"""Lin et al.'s labels of DukeMTMC-reID; boots and shoe colour are offered to the attention map by `with_attention`."""
