"""``rendered.json``: what a folder of rendered pictures is, how far it has come, and whether it is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from reseen.data.images.source import Folder
from reseen.data.sets.rendered.config import VERSION, RenderConfig
from reseen.errors import ReseenError
from reseen.files import replacing

MANIFEST = "rendered.json"
KEYPOINTS = "keypoints.parquet"
MASKS = "parts"
"""Folder of the body-part masks, in the same tree as the images."""


class Manifest(BaseModel):
    """What stands in ``rendered.json``.

    Attributes:
        version: Of the renderer.
        complete: Whether all images and labels are there.
        digest: The configuration's.
        images: How many there are in the end, by part of the split.
        persons: How many, in ``train`` and ``test``.
        config: What is rendered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    complete: bool
    digest: str
    images: dict[str, int]
    persons: dict[str, int]
    config: RenderConfig

    def write(self, root: Path) -> None:
        """Writes ``rendered.json`` in one step."""
        with replacing(root / MANIFEST) as partial:
            partial.write_text(f"{self.model_dump_json(indent=2)}\n", encoding="utf-8")

    def check_same(self, config: RenderConfig, root: Path) -> None:
        """Checks that a folder may be gone on with.

        Raises:
            ReseenError: If it was rendered with another configuration; names the key.
        """
        if self.version != VERSION:
            raise ReseenError(
                f"{root} was rendered by version {self.version} of the renderer, this is {VERSION}; name a new folder"
            )
        before, now = self.config.model_dump(mode="json"), config.model_dump(mode="json")
        for key, value in now.items():
            if before[key] != value:
                raise ReseenError(
                    f"{root} was rendered with {key} {_said(before[key])}, not {_said(value)}; name a new folder"
                )


def _said(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)


def find(folder: Folder) -> Folder | None:
    """Returns the nearest folder with a ``rendered.json``: this one, or one below it."""
    return next((found for found in folder.walk(depth=3) if found.file(MANIFEST)), None)


def read(folder: Folder) -> Manifest:
    """Returns what stands in a folder's ``rendered.json``.

    Raises:
        ReseenError: If there is none, or nothing reseen has written.
    """
    entry = folder.file(MANIFEST)
    if entry is None:
        raise ReseenError(f"no rendered pictures in {folder}: make some with reseen data render")
    try:
        return Manifest.model_validate_json(entry.read())
    except ValidationError as error:
        raise ReseenError(
            f"{entry.path} is not what reseen data render writes: delete {folder}, or render into a new one"
        ) from error
