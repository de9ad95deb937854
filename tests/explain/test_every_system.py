"""Whatever system it is, a distance is taken apart exactly, and its own maps are put to the test."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from reseen import models
from reseen.explain.occlusion import occlusion_maps
from reseen.explain.pair import compare, maps_of
from reseen.models.embedder import Embedder, EmbedderConfig
from tests.explain.test_pair import halves

SIZE = (64, 32)
POSE = {"width": 0.05, "streams": 1, "size": SIZE}
SMALL: dict[str, dict[str, Any]] = {
    "ide": {"backbone": "test_resnet", "num_identities": 5},
    "aanet": {"backbone": "test_resnet", "num_identities": 5, "num_parts": 2, "dim": 8},
    "iva": {"backbone": "test_resnet", "num_identities": 5, "dim": 8},
    "acrn": {"num_identities": 5, "dim": 16, "attribute_net": {"model": {"backbone": "test_resnet"}, "size": SIZE}},
    "lrdnn": {"backbone": "test_resnet", "num_identities": 5, "dim": 90, "pose": POSE},
    "mva": {"backbone": "test_resnet"},
    "attention_driven": {
        "num_identities": 5,
        "whole_size": SIZE,
        "part_size": (32, 32),
        "width": 8,
        "dim": 16,
        "part_dim": 8,
        "pose": POSE,
    },
}


def test_none_is_forgotten() -> None:
    assert set(SMALL) == set(models.SYSTEMS)


@pytest.mark.parametrize("system", SMALL)
def test_parts_add_up_and_maps_are_tested(system: str) -> None:
    torch.manual_seed(0)
    model = models.build(models.config_of({"system": system, **SMALL[system]})).eval()
    embedder = Embedder(model, EmbedderConfig(size=SIZE, flip=False))
    one, other = halves(200, 40), halves(30, 120)
    pair = compare(embedder, one, other)
    assert pair.distance > 0
    assert sum(pair.parts.values()) == pytest.approx(pair.total, rel=1e-4)
    assert [each.name for each in pair.attributes] == (list(embedder.schema.names) if embedder.schema else [])
    places = occlusion_maps(embedder, one, other)
    assert places.keys() == pair.parts.keys()
    assert {values.shape for values in places.values()} == {(8, 4)}
    assert sum(float(values.max()) for values in places.values()) > 0
    maps = maps_of(embedder, one)
    assert (pair.covering is None) == (not maps)
    if pair.covering is not None:
        assert pair.covering.name in maps
        assert len(pair.covering.by_chance) == 4
