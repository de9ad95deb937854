"""What systems cost, against figures of their papers and products counted by hand."""

from __future__ import annotations

import pytest

from reseen.models.attention_driven import AttentionDrivenConfig
from reseen.models.cost import Cost, cost_of
from reseen.models.ide import IDEConfig
from reseen.models.iva import IVAConfig


def test_a_resnet_costs_what_it_costs() -> None:
    """Torchvision's page gives 25.6 M parameters, 2.05 M of them ImageNet's classifier, and 4.09 G at 224×224."""
    cost = cost_of(IDEConfig(backbone="resnet50", last_stride=2, stride_in="conv2", neck="none", dim=None), (224, 224))
    assert cost.parameters == 25_557_032 - (2048 * 1000 + 1000)
    assert cost.multiply_adds == pytest.approx(4.09e9 - 2048 * 1000, rel=1e-3)
    assert str(cost) == "23.5 M parameters, 4.09 G multiply-adds"


def test_identity_classifiers_do_not_count() -> None:
    config = AttentionDrivenConfig(num_identities=751)
    assert cost_of(config, (96, 48)) == cost_of(config.model_copy(update={"num_identities": 9}), (96, 48))


def test_maps_do_not_count() -> None:
    """What attributes cost beyond their 60 columns (age has four of them, as it has classes) would be maps."""
    without, told = (cost_of(IVAConfig(attribute=learnt), (96, 48)) for learnt in (False, True))
    assert told.multiply_adds - without.multiply_adds == 512 * 60


def test_as_a_file_has_it() -> None:
    assert Cost(3, 4).as_dict() == {"parameters": 3, "multiply_adds": 4}
