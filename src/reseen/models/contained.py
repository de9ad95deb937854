"""Systems and pose networks within systems: how one is configured comes from where its weights come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict

from reseen.checkpoint_files import TRAIN_POSE, check_checkpoint, read_config
from reseen.data.images.size import Size
from reseen.errors import ReseenError, one_line
from reseen.pose.network import PoseNetConfig


class Contained(BaseModel):
    """A trained system that another one contains; its kinds add ``model``, the system's configuration.

    Attributes:
        size: (H, W) of the pictures it was trained on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Size


def contained_systems(config_type: type[BaseModel], init: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Returns what the folders that a recipe's ``init`` names say of the networks that a system contains.

    Args:
        config_type: The containing system's configuration.
        init: What its parts start from, by part.

    Returns:
        Values of those `contained_fields` that are called as a part is.

    Raises:
        ReseenError: If one of them is no checkpoint, or holds another system.
    """
    found = {}
    for name, kind in contained_fields(config_type).items():
        if name in init:
            command = {"command": TRAIN_POSE} if kind is PoseNetConfig else {}
            directory = check_checkpoint(init[name], **command)
            content = read_config(directory)
            read = _pose_network if kind is PoseNetConfig else _system
            try:
                # A checkpoint of the containing system has the contained network, too.
                within = content.get("model", {}).get(name)
                found[name] = within or read(content, kind, f"init.{name}: {directory} holds")
            except (KeyError, TypeError, AttributeError) as error:
                raise ReseenError(
                    f"init.{name}: {directory} does not say of which system it is ({one_line(error)}): train or copy "
                    "it again"
                ) from error
    return found


def contained_fields(config_type: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Returns those fields of a configuration that are `Contained` systems or pose networks, and which kind each is."""
    kinds = {
        name: next((each for each in get_args(field.annotation) if _is_contained(each)), None)
        for name, field in config_type.model_fields.items()
    }
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _is_contained(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, (Contained, PoseNetConfig))


def _system(content: dict[str, Any], kind: Any, what: str) -> dict[str, Any]:
    wanted = kind.model_fields["model"].annotation.model_fields["system"].default
    if (held := _held(content)) != wanted:
        raise ReseenError(f"{what} a {held!r}, no {wanted!r}")
    return {"model": content["model"], "size": content["embedder"]["size"]}


def _pose_network(content: dict[str, Any], kind: Any, what: str) -> dict[str, Any]:
    if (held := _held(content)) != "pose":
        raise ReseenError(f"{what} a {held!r}, no pose network")
    told: dict[str, Any] = content["pose"]
    return told


def _held(content: dict[str, Any]) -> str:
    """Returns what a checkpoint is of: a system's name, or ``pose``."""
    return "pose" if "pose" in content else content["model"]["system"]
