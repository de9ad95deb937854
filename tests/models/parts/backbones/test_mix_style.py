"""MixStyle changes looks and nothing else, in training only."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from reseen.models.parts.backbones.backbone import Backbone
from reseen.models.parts.backbones.mix_style import MixStyle


@pytest.fixture
def features() -> Tensor:
    scale = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(4, 1, 1, 1)
    return scale * torch.randn(4, 5, 8, 6) + 10 * scale


def test_each_map_takes_on_a_look_between_its_own_and_anothers(features: Tensor) -> None:
    mixed = MixStyle(1.0, alpha=1.0)(features)
    own, now = features.mean((2, 3)), mixed.mean((2, 3))
    assert (now >= own.min(0).values - 1e-3).all()
    assert (now <= own.max(0).values + 1e-3).all()
    assert ((now - own).abs() > 1).any()
    # Two unknowns a picture, whom it borrows from and how much, explain every channel's mean.
    for row in range(4):
        shares = [
            (now[row] - own[other]) / (own[row] - own[other]) for other in range(4) if other != row
        ]  # (5,) each: the share of its own look
        spread = torch.stack(shares).std(1)
        assert spread.min() < 1e-3 or torch.allclose(now[row], own[row], atol=1e-3)


def test_content_stays(features: Tensor) -> None:
    mixed = MixStyle(1.0)(features)
    before, after = ((maps - maps.mean((2, 3), keepdim=True)).flatten(2) for maps in (features, mixed))
    assert torch.nn.functional.cosine_similarity(before, after, dim=2).min() > 0.999


def test_eval_mode_and_probability_0_leave_everything(features: Tensor) -> None:
    assert MixStyle(1.0).eval()(features) is features
    assert MixStyle(0.0)(features) is features


def test_a_backbone_mixes_in_training_and_keeps_its_weights_names() -> None:
    plain, mixing = Backbone("resnet10t"), Backbone("resnet10t", mix_style=1.0)
    assert plain.state_dict().keys() == mixing.state_dict().keys()
    mixing.load_state_dict(plain.state_dict())
    images = torch.randn(4, 3, 64, 32)
    with torch.no_grad():
        assert torch.equal(plain.eval()(images), mixing.eval()(images))
        assert not torch.allclose(plain.train()(images), mixing.train()(images), atol=1e-3)
