"""Systems by name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from reseen import models
from reseen.errors import ReseenError
from reseen.models.aanet import AANet, AANetConfig
from reseen.models.ide import IDE, IDEConfig


@pytest.mark.parametrize(
    ("content", "config_type", "system"),
    [({"system": "aanet"}, AANetConfig, AANet), ({"system": "ide"}, IDEConfig, IDE)],
)
def test_a_name_leads_to_a_system(content: dict[str, Any], config_type: type, system: type) -> None:
    config = models.config_of(content | {"backbone": "resnet18"})
    assert type(config) is config_type
    assert type(models.build(config)) is system
    assert models.config_of(config.model_dump(mode="json")) == config
    assert system.citation.startswith("@")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "no system None; set system to one of: ide, aanet"),
        ({"system": "aannet"}, "no system 'aannet'"),
        ({"system": "ide", "bakbone": "resnet18"}, "no option 'bakbone', did you mean 'backbone'"),
        ({"system": "ide", "zzz": 1}, "no option 'zzz'; it has: system, backbone"),
        ({"system": "aanet", "neck": "none"}, "neck: Input should be 'relu' or 'bnneck'"),
        ({"system": "aanet", "attribute_head": False}, "'aanet': the attention map is made by the attribute head"),
    ],
)
def test_wrong_configurations_are_named(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        models.config_of(content)


def test_only_systems_are_built() -> None:
    class Other(BaseModel):
        pass

    with pytest.raises(ReseenError, match="Other is no system's configuration"):
        models.build(Other())
