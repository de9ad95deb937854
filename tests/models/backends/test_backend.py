"""A backend is all that an embedder needs of a system: here an exported graph stands in for the model."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from reseen import models
from reseen.data.attributes import MARKET1501_SCHEMA, AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.data.images.preparation import blank
from reseen.errors import ReseenError
from reseen.models.backends.backend import Arrays, Backend, TorchBackend, evaluating
from reseen.models.embedder import Embedder, EmbedderConfig

SIZE = (64, 32)
SYSTEMS: dict[str, dict[str, Any]] = {
    "ide": {"system": "ide", "backbone": "test_resnet"},
    "aanet": {"system": "aanet", "backbone": "test_resnet", "num_parts": 3, "dim": 16},
    "lrdnn": {
        "system": "lrdnn",
        "backbone": "test_resnet",
        "dim": 90,
        "pose": {"width": 0.05, "streams": 1, "size": SIZE},
    },
    "quantile": {"system": "aanet", "backbone": "test_resnet", "parts": "quantile", "threshold": "otsu", "dim": 16},
}


def build(name: str) -> nn.Module:
    torch.manual_seed(0)
    return models.build(models.config_of({**SYSTEMS[name], "num_identities": 5})).eval()


class Graph(nn.Module):
    """What is exported: pictures in, what is kept of them out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        output = self.model(PersonBatch(images))
        schema = getattr(self.model.config, "attributes", None)
        return {name: output.features[name] for name in output.descriptor}, output.attribute_probabilities(schema)


class ExportedBackend:
    """Runs an exported graph; it has never seen the system's code."""

    def __init__(self, model: nn.Module) -> None:
        batch = torch.export.Dim("batch", min=1, max=1024)
        exported = torch.export.export(Graph(model), (torch.rand(2, 3, *SIZE),), dynamic_shapes=({0: batch},))
        self.graph = exported.module()
        self.digest = TorchBackend(model, "float32").digest
        self.schema: AttributeSchema | None = TorchBackend(model, "float32").schema
        self.extra_sizes: Mapping[str, tuple[int, int]] = {}
        self.device = torch.device("cpu")

    @torch.no_grad()
    def run(self, batch: PersonBatch) -> Arrays:
        features, probabilities = self.graph(batch.images)
        return Arrays(
            {name: values.numpy() for name, values in features.items()},
            {name: values.numpy() for name, values in probabilities.items()},
        )


@functools.cache
def exported(name: str) -> ExportedBackend:
    """Exporting takes seconds, so that each is done once."""
    return ExportedBackend(build(name))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    paths = [tmp_path_factory.mktemp("pictures") / f"{number}.png" for number in range(5)]
    for path in paths:
        Image.effect_noise((SIZE[1], SIZE[0]), 90).convert("RGB").save(path)
    return paths


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.slow
def test_an_exported_graph_gives_the_same_at_any_batch_size(name: str, pictures: list[Path]) -> None:
    config = EmbedderConfig(size=SIZE)
    own, other = Embedder(build(name), config), Embedder(exported(name), config)
    for count in (1, 3, 5):
        expected, found = own.embed(pictures[:count]), other.embed(pictures[:count])
        assert found.features.shape[0] == count
        np.testing.assert_allclose(found.features, expected.features, atol=1e-5)
        assert (expected.attributes or {}).keys() == (found.attributes or {}).keys()
        for attribute, table in (expected.attributes or {}).items():
            np.testing.assert_allclose((found.attributes or {})[attribute], table, atol=1e-5)
        found.check_comparable(expected)
    assert expected.features.std(0).max() > 1e-3, "the pictures differ, or everything would be equal"
    assert len(other.embed([])) == 0


@pytest.mark.slow
def test_what_only_pytorch_can_do_is_said(pictures: list[Path]) -> None:
    embedder = Embedder(exported("aanet"), EmbedderConfig(size=SIZE))
    assert embedder.schema == MARKET1501_SCHEMA
    for action in (lambda: embedder.describe(pictures[0]), lambda: embedder.to("cpu"), lambda: embedder.model):
        with pytest.raises(ReseenError, match=r"^an exported graph gives descriptors and attributes alone; \w+ the ch"):
            action()


def test_torch_gives_features_in_the_order_of_the_descriptor_and_probabilities() -> None:
    backend: Backend = TorchBackend(build("aanet"), "float32")
    arrays = backend.run(blank(SIZE))
    assert list(arrays.features) == [
        *("global", "part/0", "part/1", "part/2"),
        *(f"attribute/{place}" for place in ("global", "top", "middle", "bottom")),
        "attention",
    ]
    assert {values.dtype for values in arrays.features.values()} == {np.dtype(np.float32)}
    for table in arrays.attributes.values():
        assert table.sum(1) == pytest.approx(1, abs=1e-5)


def test_arrays_are_joined_averaged_and_cut() -> None:
    one, other = (
        Arrays({"a": np.full((2, 3), value, np.float32)}, {"hat": np.array([[value, 1 - value]] * 2, np.float32)})
        for value in (0.25, 0.75)
    )
    joined = Arrays.join([one, other])
    assert joined.features["a"][:, 0].tolist() == [0.25, 0.25, 0.75, 0.75]
    assert joined.attributes["hat"][:, 1].tolist() == [0.75, 0.75, 0.25, 0.25]
    mean = one.averaged(other)
    assert (mean.features["a"].dtype, mean.features["a"].tolist()) == (np.float32, [[0.5] * 3] * 2)
    assert mean.attributes["hat"].tolist() == [[0.5, 0.5]] * 2
    assert joined.first(3).features["a"].tolist() == joined.features["a"][:3].tolist()
    assert joined.first(0).attributes["hat"].shape == (0, 2)


def modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


def test_modes_come_back_after_an_error() -> None:
    model = build("aanet").train()
    before = modes(model)
    with pytest.raises(ZeroDivisionError), evaluating(model):
        1 / any(modes(model))  # in eval mode all, so that this fails on purpose
    assert modes(model) == before
