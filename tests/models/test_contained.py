"""Systems within systems."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
import torch
from pydantic import BaseModel

from reseen.checkpoint_files import CONFIG, MODEL_FILE
from reseen.errors import ReseenError
from reseen.models import checkpoint
from reseen.models.acrn import AttributeComplementaryNet, AttributeComplementaryNetConfig
from reseen.models.contained import contained_systems
from reseen.models.embedder import EmbedderConfig
from reseen.models.ide import IDE, IDEConfig
from reseen.models.initial import initialise
from reseen.models.mva import MultiViewAttributeNet, MultiViewAttributeNetConfig
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net


class GuidedConfig(BaseModel):
    system: Literal["guided"] = "guided"
    pose: PoseNetConfig | None = None


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mva") / "last"
    config = MultiViewAttributeNetConfig(backbone="resnet10t", local_views=False)
    checkpoint.save(folder, MultiViewAttributeNet(config), EmbedderConfig(size=(96, 48)), card="")
    return folder


def test_configuration_and_weights_come_from_the_checkpoint(trained: Path, tmp_path: Path) -> None:
    told = contained_systems(AttributeComplementaryNetConfig, {"attribute_net": str(trained)})
    config = AttributeComplementaryNetConfig.model_validate({**told, "reid_net": False})
    assert config.attribute_net.size == (96, 48)
    assert config.attribute_net.model == MultiViewAttributeNetConfig(backbone="resnet10t", local_views=False)
    model = AttributeComplementaryNet(config)
    initialise(model, "attribute_net", str(trained))
    stored = checkpoint.load(trained).model.state_dict()
    assert all(torch.equal(stored[name], value) for name, value in model.attribute_net.state_dict().items())

    # The containing system's checkpoint has the contained one, too.
    checkpoint.save(tmp_path / "last", model, EmbedderConfig(size=(160, 64)), card="")
    assert contained_systems(AttributeComplementaryNetConfig, {"attribute_net": str(tmp_path / "last")}) == {
        "attribute_net": config.attribute_net.model_dump(mode="json")
    }


def test_a_pose_network_is_contained_too(trained: Path, tmp_path: Path) -> None:
    config = PoseNetConfig(width=0.05, streams=1)
    save_pose_net(tmp_path, PoseNet(config))
    told = contained_systems(GuidedConfig, {"pose": str(tmp_path)})
    assert GuidedConfig.model_validate(told).pose == config
    with pytest.raises(ReseenError, match=r"init.pose: .* holds a 'mva', no pose network"):
        contained_systems(GuidedConfig, {"pose": str(trained)})
    with pytest.raises(ReseenError, match=r"is not a checkpoint.* give a folder `reseen train-pose` wrote"):
        contained_systems(GuidedConfig, {"pose": str(tmp_path / "none")})
    with pytest.raises(ReseenError, match=r"init.attribute_net: .* holds a 'pose', no 'mva'"):
        contained_systems(AttributeComplementaryNetConfig, {"attribute_net": str(tmp_path)})


def test_other_parts_are_left_alone(trained: Path) -> None:
    assert contained_systems(IDEConfig, {"backbone": str(trained)}) == {}
    assert contained_systems(AttributeComplementaryNetConfig, {"reid_net": str(trained)}) == {}


def test_wrong_checkpoints_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="is not a checkpoint"):
        contained_systems(AttributeComplementaryNetConfig, {"attribute_net": str(tmp_path)})
    checkpoint.save(tmp_path / "last", IDE(IDEConfig(backbone="resnet10t")), EmbedderConfig(), card="")
    with pytest.raises(ReseenError, match="holds a 'ide', no 'mva'"):
        contained_systems(AttributeComplementaryNetConfig, {"attribute_net": str(tmp_path / "last")})


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("{", r"cannot read .*config\.json: .*; train or copy it again"),
        ("[]", r"cannot read .*config\.json: it holds no object; train or copy it again"),
        ('{"embedder": {}}', "init.attribute_net: .* does not say of which system it is"),
        ('{"model": []}', "init.attribute_net: .* does not say of which system it is"),
    ],
)
def test_a_broken_configuration_is_told_in_one_line(tmp_path: Path, config: str, told: str) -> None:
    (tmp_path / CONFIG).write_text(config)
    (tmp_path / MODEL_FILE).touch()
    with pytest.raises(ReseenError, match=told) as raised:
        contained_systems(AttributeComplementaryNetConfig, {"attribute_net": str(tmp_path)})
    assert "\n" not in str(raised.value)
