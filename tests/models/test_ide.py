"""The plain baseline."""

from __future__ import annotations

import pytest
import torch

from reseen.data.batch import PersonBatch
from reseen.models.ide import IDE, IDEConfig


@pytest.mark.parametrize("pooling", ["average", "gem"])
@pytest.mark.parametrize(("neck", "dim"), [("bnneck", None), ("bnneck", 32), ("none", None), ("none", 32)])
def test_output(pooling: str, neck: str, dim: int | None) -> None:
    torch.manual_seed(0)
    config = IDEConfig(backbone="resnet18", num_identities=7, pooling=pooling, neck=neck, dim=dim)
    model = IDE(config)
    batch = PersonBatch(torch.rand(4, 3, 64, 32))
    trained = model(batch)
    assert trained.embedding.shape == (4, dim or 512)
    assert trained.identity_logits["global"].shape == (4, 7)
    assert not trained.maps

    output = model.eval()(batch)
    assert output.maps["id"].shape == (4, 4, 2)
    metric = output.metric_features["global"]
    assert output.embedding.allclose(metric) == (neck == "none")
    if dim is None and pooling == "average":
        torch.testing.assert_close(metric, model.backbone(batch.images).mean((2, 3)))
    # The map's mean is the logit without the constants: with no image (pooled = 0) only these remain.
    logit = output.identity_logits["global"].amax(1)
    constants = model.head(torch.zeros(1, 512)).logits[0, output.identity_logits["global"].argmax(1)]
    torch.testing.assert_close(output.maps["id"].mean((1, 2)), logit - constants, rtol=1e-3, atol=1e-5)


def test_every_parameter_is_reached() -> None:
    torch.manual_seed(0)
    model = IDE(IDEConfig(backbone="resnet18", num_identities=4, pooling="gem", dim=32, freeze_stages=2))
    output = model(PersonBatch(torch.rand(4, 3, 64, 32)))
    (output.identity_logits["global"].square().sum() + output.embedding[0].sum()).backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name


def test_configuration_survives_json() -> None:
    config = IDEConfig(backbone="resnet50", stride_in="conv1", last_stride=2, dim=128, pooling="gem")
    assert IDEConfig.model_validate_json(config.model_dump_json()) == config
