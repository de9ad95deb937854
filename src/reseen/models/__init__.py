"""The systems by name. A new one is a file beside this one and a line in `SYSTEMS`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from torch import nn

from reseen.errors import ReseenError
from reseen.models.aanet import AANet, AANetConfig
from reseen.models.ide import IDE, IDEConfig

SYSTEMS: dict[str, tuple[type[BaseModel], type[nn.Module]]] = {
    "ide": (IDEConfig, IDE),
    "aanet": (AANetConfig, AANet),
}


def config_of(content: Mapping[str, Any]) -> BaseModel:
    """Returns the validated configuration of the system that ``content["system"]`` names.

    Raises:
        ReseenError: If the system, a key or a value is wrong; names the nearest right key.
    """
    system = content.get("system")
    if system not in SYSTEMS:
        raise ReseenError(f"there is no system {system!r}; set system to one of: {', '.join(SYSTEMS)}")
    config_type, _ = SYSTEMS[system]
    try:
        return config_type.model_validate(dict(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where, config_type.model_fields, 1, 0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(config_type.model_fields)}"
            raise ReseenError(f"system {system!r} has no option {where!r}; {hint}") from error
        message = first["msg"].removeprefix("Value error, ")
        raise ReseenError(f"system {system!r}: {f'{where}: ' if where else ''}{message}") from error


def build(config: BaseModel) -> nn.Module:
    """Returns the system that a configuration describes, with random weights.

    Raises:
        ReseenError: If it is no system's configuration.
    """
    for config_type, system in SYSTEMS.values():
        if type(config) is config_type:
            return system(config)
    raise ReseenError(f"{type(config).__name__} is no system's configuration; use one of: {', '.join(SYSTEMS)}")
