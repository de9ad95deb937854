"""The systems by name. A new one is a file beside this one and a line in `SYSTEMS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Union

import torch
from pydantic import BaseModel, Field, ValidationError
from torch import nn

from reseen.data.attributes import AttributeSchema
from reseen.errors import ReseenError, nearest
from reseen.models.aanet import AANet, AANetConfig
from reseen.models.acrn import AttributeComplementaryNet, AttributeComplementaryNetConfig
from reseen.models.attention_driven import AttentionDrivenConfig, AttentionDrivenNet
from reseen.models.ide import IDE, IDEConfig
from reseen.models.iva import IdentityVerificationAttributeNet, IVAConfig
from reseen.models.lrdnn import LocalRefiningNet, LRDNNConfig
from reseen.models.mva import MultiViewAttributeNet, MultiViewAttributeNetConfig

SYSTEMS: dict[str, tuple[type[BaseModel], type[nn.Module]]] = {
    "ide": (IDEConfig, IDE),
    "aanet": (AANetConfig, AANet),
    "iva": (IVAConfig, IdentityVerificationAttributeNet),
    "acrn": (AttributeComplementaryNetConfig, AttributeComplementaryNet),
    "lrdnn": (LRDNNConfig, LocalRefiningNet),
    "mva": (MultiViewAttributeNetConfig, MultiViewAttributeNet),
    "attention_driven": (AttentionDrivenConfig, AttentionDrivenNet),
}

if TYPE_CHECKING:
    SystemConfig = BaseModel
else:
    SystemConfig = Annotated[Union[tuple(config for config, _ in SYSTEMS.values())], Field(discriminator="system")]  # noqa: UP007
"""Configuration of any of the systems, told apart by its field ``system``."""


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
            known = config_type.model_fields
            hint = nearest(where, known) or f"; it has: {', '.join(known)}"
            raise ReseenError(f"system {system!r} has no option {where!r}{hint}") from error
        message = first["msg"].removeprefix("Value error, ")
        raise ReseenError(f"system {system!r}: {f'{where}: ' if where else ''}{message}") from error


def learnt_form(config: BaseModel, schema: AttributeSchema) -> AttributeSchema:
    """Returns the form in which a system learns a data set's attributes.

    That is its configuration's ``own_form`` of them, if it has such a method, else their own.
    """
    own_form = getattr(config, "own_form", None)
    return schema if own_form is None else own_form(schema)


def build(config: BaseModel) -> nn.Module:
    """Returns the system that a configuration describes, with random weights.

    Raises:
        ReseenError: If it is no system's configuration.
    """
    for config_type, system in SYSTEMS.values():
        if type(config) is config_type:
            return system(config)
    raise ReseenError(f"{type(config).__name__} is no system's configuration; use one of: {', '.join(SYSTEMS)}")


def outline(config: BaseModel) -> nn.Module:
    """Returns what `build` does, to be looked at: nothing is drawn from the generator that weights are drawn from."""
    with torch.random.fork_rng(devices=[]):
        return build(config)
