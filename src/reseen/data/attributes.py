"""Attributes of persons in one schema: their kinds and classes, and how labels and predictions of them are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError

if TYPE_CHECKING:
    from torch import Tensor

UNKNOWN = -1
"""Label of an attribute that is not known: left out of losses and metrics, never guessed."""

Kind = Literal["binary", "multi_class", "multi_label"]

NO_YES = ("no", "yes")
"""Classes of a binary attribute that is either there or not."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute.

    A person's label is an integer: the index of the class, or of a multi-label attribute the set of classes, bit i
    for class i.

    Attributes:
        name: Such as ``upper_color``.
        classes: Class names in index order; binary attributes are ``("no", "yes")`` or have names of their own
            (``("male", "female")``).
        kind: ``binary``: one of two classes; ``multi_class``: one of several; ``multi_label``: any number of them at
            once, each there or not.

    Raises:
        ReseenError: If the classes do not fit the kind.
    """

    name: str
    classes: tuple[str, ...]
    kind: Kind

    def __post_init__(self) -> None:
        count = len(self.classes)
        if len(set(self.classes)) < count:
            raise ReseenError(f"attribute {self.name!r} has a class twice: {', '.join(self.classes)}")
        if self.kind == "binary" and count != 2:
            raise ReseenError(f"binary attribute {self.name!r} has {count} classes; it needs two")
        if self.kind == "multi_class" and count < 3:
            raise ReseenError(f"multi-class attribute {self.name!r} has {count} classes; one of two is binary")
        if self.kind == "multi_label" and not 1 <= count <= 62:
            raise ReseenError(f"multi-label attribute {self.name!r} has {count} classes; it can have 1 to 62")

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.classes)})"

    @property
    def columns(self) -> int:
        """How many columns an encoded label has: one for each class of a multi-label attribute, else one."""
        return len(self.classes) if self.kind == "multi_label" else 1

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

    def logits(self, *, sigmoid: bool = False) -> int:
        """Returns how many outputs a classifier needs: one a class, or of a binary attribute one for a sigmoid."""
        return 1 if sigmoid and self.kind == "binary" else len(self.classes)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Turns a classifier's logits (…, `logits`) into probabilities (…, classes) in float32.

        Classes of a multi-label attribute are independent of each other, a sigmoid each. Of others they sum to 1: a
        softmax, or of a single logit a sigmoid.

        Raises:
            ReseenError: If the number of logits fits neither.
        """
        import torch

        width = logits.shape[-1]
        if width not in (self.logits(), self.logits(sigmoid=True)):
            raise ReseenError(f"{width} logits for attribute {self.name!r}, which has {len(self.classes)} classes")
        if self.kind == "multi_label":
            return logits.float().sigmoid()
        if width == 1:
            present = logits.float().sigmoid()
            return torch.cat([1 - present, present], -1)
        return logits.float().softmax(-1)

    def decide(self, probabilities: NDArray[np.floating]) -> NDArray[np.int64]:
        """Returns what probabilities (N, classes) say, encoded (N, columns).

        That is the most probable class, or of a multi-label attribute every class from one half on.
        """
        if self.kind == "multi_label":
            return (probabilities >= 0.5).astype(np.int64)
        best: NDArray[np.int64] = np.argmax(probabilities, axis=1, keepdims=True)
        return best

    def read(self, probabilities: NDArray[np.floating]) -> tuple[str, float]:
        """Returns what one image's probabilities (classes,) say in words, and how probable just that is.

        Of a multi-label attribute: ``black + red``, or ``none``.
        """
        return self.read_all(probabilities[None])[0]

    def read_all(self, probabilities: NDArray[np.floating]) -> list[tuple[str, float]]:
        """Returns what `read` does of each of N images, whose probabilities are (N, classes)."""
        decided = self.decide(probabilities)
        if self.kind == "multi_label":
            sure = np.where(decided == 1, probabilities, 1 - probabilities).prod(axis=1)
            there = [[name for name, present in zip(self.classes, row, strict=True) if present] for row in decided]
            return [(" + ".join(names) or "none", value) for names, value in zip(there, sure.tolist(), strict=True)]
        best = np.take_along_axis(probabilities, decided, axis=1)
        return [(self.classes[place], value) for place, value in zip(decided[:, 0], best[:, 0].tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class AttributeSchema:
    """The named attributes of a data set, in a fixed order.

    Raises:
        ReseenError: If two have the same name.
    """

    name: str
    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        names = self.names
        if twice := [name for name in names if names.count(name) > 1]:
            raise ReseenError(f"schema {self.name!r} has two attributes called {twice[0]!r}")

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

    @property
    def columns(self) -> dict[str, slice]:
        """Where each attribute stands in encoded labels."""
        ends = np.cumsum([attribute.columns for attribute in self]).tolist()
        return {attribute.name: slice(end - attribute.columns, end) for attribute, end in zip(self, ends, strict=True)}

    def as_binary(self, names: Sequence[str] | None = None) -> AttributeSchema:
        """Returns the schema with each class of some attributes as a binary attribute of its own.

        Class ``black`` of ``upper_color`` becomes ``upper_color:black`` (no, yes). `reseen.data.attribute_forms`
        converts labels and predictions from one form to the other.

        Args:
            names: Attributes to take apart; None for all that are not binary.

        Raises:
            ReseenError: If there is no such attribute.
        """
        chosen = {a.name for a in self if a.kind != "binary"} if names is None else {self[name].name for name in names}
        attributes: list[Attribute] = []
        for attribute in self:
            if attribute.name in chosen:
                attributes += [binary(f"{attribute.name}:{name}") for name in attribute.classes]
            else:
                attributes.append(attribute)
        return AttributeSchema(self.name, tuple(attributes))

    def encode(self, labels: Sequence[Mapping[str, int]]) -> NDArray[np.int64]:
        """Returns labels in columns (N, L), ``UNKNOWN`` where a label is missing.

        A binary or multi-class attribute has one column with the index of its class, a multi-label attribute one
        column a class with 0 or 1; see `columns`.
        """
        table = np.full((len(labels), sum(attribute.columns for attribute in self)), UNKNOWN, dtype=np.int64)
        for attribute in self:
            own = table[:, self.columns[attribute.name]]
            values = np.array([label.get(attribute.name, UNKNOWN) for label in labels], dtype=np.int64)
            if attribute.kind == "multi_label":
                bits = values[:, None] >> np.arange(len(attribute.classes)) & 1
                own[:] = np.where(values[:, None] == UNKNOWN, UNKNOWN, bits)
            else:
                own[:, 0] = values
        return table

    def decode(self, table: NDArray[np.int64]) -> list[dict[str, int]]:
        """Returns the labels that `encode` has written (N, L); a set of classes is known only as a whole."""
        labels: list[dict[str, int]] = [{} for _ in table]
        for attribute in self:
            own = table[:, self.columns[attribute.name]]
            values = own @ (1 << np.arange(attribute.columns))
            for row in np.flatnonzero((own != UNKNOWN).all(axis=1)).tolist():
                labels[row][attribute.name] = int(values[row])
        return labels

    def probabilities(self, logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns probabilities (B, classes) by attribute name; see `Attribute.probabilities`."""
        return {name: self[name].probabilities(values) for name, values in logits.items()}


def binary(name: str, classes: tuple[str, str] = NO_YES) -> Attribute:
    """Returns a binary attribute."""
    return Attribute(name, classes, "binary")


def multi_class(name: str, *classes: str) -> Attribute:
    """Returns an attribute that has one of several classes."""
    return Attribute(name, classes, "multi_class")


MARKET1501_SCHEMA = AttributeSchema(
    "market1501",
    (
        binary("gender", ("male", "female")),
        multi_class("age", "child", "teenager", "adult", "old"),
        binary("hair", ("short", "long")),
        binary("sleeve", ("long", "short")),
        binary("lower_length", ("long", "short")),
        binary("lower_type", ("dress", "trousers")),
        binary("hat"),
        binary("backpack"),
        binary("bag"),
        binary("handbag"),
        multi_class("upper_color", "black", "white", "red", "purple", "gray", "blue", "green", "yellow"),
        multi_class("lower_color", "black", "white", "pink", "gray", "blue", "green", "brown", "yellow", "purple"),
    ),
)
"""Lin et al.'s labels of Market-1501.

Class index = value in their ``.mat`` minus one; colours stand in the order of their example prediction.
"""

DUKE_SCHEMA = AttributeSchema(
    "dukemtmc",
    (
        binary("gender", ("male", "female")),
        binary("hat"),
        binary("boots"),
        binary("upper_length", ("short", "long")),
        binary("backpack"),
        binary("handbag"),
        binary("bag"),
        binary("shoe_color", ("dark", "light")),
        multi_class("upper_color", "black", "white", "red", "purple", "gray", "blue", "green", "brown"),
        multi_class("lower_color", "black", "white", "red", "gray", "blue", "green", "brown"),
    ),
)
"""Lin et al.'s labels of DukeMTMC-reID."""
