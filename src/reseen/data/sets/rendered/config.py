"""What is to be rendered: the whole data set follows from these few numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reseen.data.images.size import parse_size
from reseen.errors import ReseenError, nearest

VERSION = 5
"""Of the renderer; raised whenever the same configuration gives other pictures or labels."""


_Side = Annotated[int, Field(ge=32, le=1024)]


class RenderConfig(BaseModel):
    """A rendered data set.

    Attributes:
        persons: How many persons, training and test together.
        images_per_camera: Images of a person in each camera; of a test person one of them is the query.
        cameras: How many cameras the world has.
        cameras_per_person: How many of them see one person; all, if there are not so many.
        seed: Of everything random: other seeds have other persons, places and poses.
        size: Height and width of the pictures in pixels, or a text such as ``128x64``.
        test_share: Share of the persons in the test part; 0 leaves out query and gallery.
        quality: Of the JPEG files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    persons: int = Field(200, ge=2)
    images_per_camera: int = Field(4, ge=1)
    cameras: int = Field(6, ge=1)
    cameras_per_person: int = Field(6, ge=1)
    seed: int = Field(0, ge=0)
    size: Annotated[tuple[_Side, _Side], BeforeValidator(parse_size)] = (128, 64)
    test_share: float = Field(0.5, ge=0, lt=1)
    quality: int = Field(95, ge=1, le=100)

    @model_validator(mode="before")
    @classmethod
    def _no_more_than_there_are(cls, values: Any) -> Any:
        """Worlds that look the same have the same numbers."""
        if not isinstance(values, Mapping):
            return values
        cameras, seeing = (values.get(name, 6) for name in ("cameras", "cameras_per_person"))
        few = isinstance(cameras, int) and isinstance(seeing, int) and 0 < cameras < seeing
        return {**values, "cameras_per_person": cameras} if few else values

    @model_validator(mode="after")
    def _upright(self) -> RenderConfig:
        if self.size[1] > self.size[0]:
            raise ValueError(f"size {self.size[0]}x{self.size[1]} is wider than high; height comes first: 128x64")
        return self

    @model_validator(mode="after")
    def _queries_can_be_found(self) -> RenderConfig:
        """A query needs an image of its person in another camera."""
        few = [name for name in ("images_per_camera", "cameras", "cameras_per_person") if getattr(self, name) < 2]
        if self.test_share and few:
            raise ValueError(f"a test part needs {few[0]} to be 2 or more; without a test part set test_share to 0")
        return self

    @property
    def test_persons(self) -> int:
        """How many persons are in the test part: those with the highest pids."""
        if not self.test_share:
            return 0
        return min(max(round(self.persons * self.test_share), 1), self.persons - 1)

    @property
    def digest(self) -> str:
        """Tells this data set from every other one, and from the same one by another version of the renderer."""
        content = {"version": VERSION, **self.model_dump(mode="json")}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def make_config(values: Mapping[str, Any]) -> RenderConfig:
    """Returns a configuration.

    Raises:
        ReseenError: On the first wrong key or value.
    """
    try:
        return RenderConfig.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:1])
        if first["type"] == "extra_forbidden":
            raise ReseenError(
                f"cannot render this: no key {where!r}{nearest(where, RenderConfig.model_fields)}"
            ) from error
        message = first["msg"].removeprefix("Value error, ")
        if not first["type"].startswith("value_error"):
            message += f", not {first['input']!r}"
        raise ReseenError(f"cannot render this: {where + ': ' if where else ''}{message}") from error
