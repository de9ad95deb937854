"""What is said of rows: one by one, in lists, and counted."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from reseen.app.messages.base import EXAMPLE_ROW, Message


class ReadAttribute(Message):
    """What the model reads in a picture: a guess with its probability, not a fact about a person.

    Attributes:
        name: The attribute.
        label: What to call it.
        value: Its class.
        probability: How probable the model finds that class.
    """

    name: str
    label: str
    value: str
    probability: float


class Row(Message):
    """A picture in the gallery.

    Attributes:
        id: Hash of its content.
        person: Number that it shares with others of the same person, where somebody has said so; else None.
        camera: Which has taken it.
        camera_name: What people call that one; may be empty.
        seconds: When: since 1970, or since the recording began; None where nobody knows.
        track: The track it belongs to, or None.
        source: Where it came from.
        picture: Where the picture is to be had.
        attributes: What the model reads in it.
    """

    id: str = Field(examples=[EXAMPLE_ROW])
    person: int | None
    camera: int
    camera_name: str
    seconds: float | None
    track: int | None
    source: str
    picture: str = Field(examples=[f"/api/rows/{EXAMPLE_ROW}/picture"])
    attributes: tuple[ReadAttribute, ...]


class RowList(Message):
    """Rows, newest first."""

    rows: tuple[Row, ...]
    cursor: str


class FacetClass(Message):
    """One class of an attribute, and how many rows would be left if it were chosen."""

    value: str
    count: int


class Facet(Message):
    """One attribute and its classes."""

    name: str = Field(examples=["upper_color"])
    label: str
    classes: tuple[FacetClass, ...]


class Spot(Message):
    """What a camera is called, and where it hangs.

    Attributes:
        name: What people call it; may be empty.
        x: Place on the plan from the left, as a share of its width; None: nowhere.
        y: Place from the top, as a share of its height; None: nowhere.
    """

    name: str = Field("", max_length=60, examples=["entrance"])
    x: float | None = Field(None, ge=0, le=1)
    y: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.x is None) != (self.y is None):
            raise ValueError("a place needs both x and y")
        return self


class Camera(Spot):
    """A camera and how many rows it has taken."""

    camera: int
    count: int


class Facets(Message):
    """What can be chosen from, counted under a filter.

    Attributes:
        total: Rows that pass the filter.
        facets: Attributes.
        cameras: Cameras.
        first: Earliest time, or None.
        last: Latest time, or None.
        plan: Height by width of the plan that cameras hang on; None: there is no picture of it.
    """

    total: int
    facets: tuple[Facet, ...]
    cameras: tuple[Camera, ...]
    first: float | None
    last: float | None
    plan: float | None
