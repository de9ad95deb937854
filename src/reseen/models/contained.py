"""Systems within systems: how one is configured comes from the checkpoint that its weights come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict

from reseen.checkpoint_files import CONFIG, check_checkpoint
from reseen.data.images.size import Size
from reseen.errors import ReseenError


class Contained(BaseModel):
    """A trained system that another one contains; its kinds add ``model``, the system's configuration.

    Attributes:
        size: (H, W) of the pictures it was trained on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Size


def contained_systems(config_type: type[BaseModel], init: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Returns what the checkpoints that a recipe's ``init`` names say of the systems that a system contains.

    Args:
        config_type: The containing system's configuration.
        init: What its parts start from, by part.

    Returns:
        Values of the fields that are called as the part is.

    Raises:
        ReseenError: If one of them is no checkpoint, or holds another system.
    """
    found = {}
    for name, field in config_type.model_fields.items():
        kind = next((each for each in get_args(field.annotation) if _is_contained(each)), None)
        if kind is not None and name in init:
            directory = check_checkpoint(Path(init[name]))
            content = json.loads((directory / CONFIG).read_text())
            told = {"model": content["model"], "size": content["embedder"]["size"]}
            told = content["model"].get(name) or told  # a checkpoint of the containing system has one, too
            wanted = kind.model_fields["model"].annotation.model_fields["system"].default
            if told["model"]["system"] != wanted:
                raise ReseenError(f"init.{name}: {directory} holds a {told['model']['system']!r}, no {wanted!r}")
            found[name] = told
    return found


def _is_contained(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Contained)
