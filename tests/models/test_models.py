"""Systems by name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from reseen import models
from reseen.data.attributes import DUKE_SCHEMA
from reseen.errors import ReseenError
from reseen.models.aanet import AANet, AANetConfig
from reseen.models.ide import IDE, IDEConfig
from reseen.models.iva import IdentityVerificationAttributeNet, IVAConfig
from reseen.models.lrdnn import LocalRefiningNet, LRDNNConfig
from reseen.models.mva import MultiViewAttributeNet, MultiViewAttributeNetConfig


@pytest.mark.parametrize(
    ("content", "config_type", "system"),
    [
        ({"system": "aanet"}, AANetConfig, AANet),
        ({"system": "ide"}, IDEConfig, IDE),
        ({"system": "iva"}, IVAConfig, IdentityVerificationAttributeNet),
        ({"system": "lrdnn", "pose_maps": ()}, LRDNNConfig, LocalRefiningNet),
        ({"system": "mva"}, MultiViewAttributeNetConfig, MultiViewAttributeNet),
    ],
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
        ({"system": "iva", "backbone": "convnext_atto"}, "backbone: 'convnext_atto' is no ResNet"),
        ({"system": "aanet", "attribute": False}, "'aanet': the attention map is made by the attribute head"),
    ],
)
def test_wrong_configurations_are_named(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        models.config_of(content)


def test_a_system_may_learn_attributes_in_a_form_of_its_own() -> None:
    assert models.learnt_form(AANetConfig(), DUKE_SCHEMA) == DUKE_SCHEMA
    form = models.learnt_form(IVAConfig(), DUKE_SCHEMA)
    assert "upper_color:red" in form
    assert "upper_color" not in form


def test_only_systems_are_built() -> None:
    class Other(BaseModel):
        pass

    with pytest.raises(ReseenError, match="Other is no system's configuration"):
        models.build(Other())
