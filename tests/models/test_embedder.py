"""The embedder prepares pictures and leaves the model as it found it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from reseen.models.embedder import Embedder, EmbedderConfig, evaluating
from reseen.models.ide import IDE, IDEConfig


@pytest.fixture
def model() -> IDE:
    torch.manual_seed(0)
    return IDE(IDEConfig(backbone="resnet10t", num_identities=3, freeze_stages=1))


def modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


@pytest.mark.parametrize("training", [True, False])
def test_embedding_leaves_every_module_in_its_mode(model: IDE, training: bool) -> None:
    model.train(training)
    before = modes(model)
    assert len(set(before)) == (2 if training else 1), "a frozen stage stays in eval mode"
    embedder = Embedder(model, EmbedderConfig(size=(64, 32)))
    assert modes(model) == before
    statistics = {name: value.clone() for name, value in model.state_dict().items()}
    embedder.describe(Image.new("RGB", (32, 64), "red"))
    assert modes(model) == before
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in statistics.items())


def test_modes_come_back_after_an_error(model: IDE) -> None:
    model.train()
    before = modes(model)
    with pytest.raises(ZeroDivisionError), evaluating(model):
        1 / any(modes(model))  # in eval mode all, so that this fails on purpose
    assert modes(model) == before


def test_nothing_to_embed_is_nothing(model: IDE) -> None:
    assert len(Embedder(model, EmbedderConfig(size=(64, 32))).embed([])) == 0


@pytest.mark.parametrize("cache", [False, True])
def test_decoded_pictures_stay_on_disk_only_where_that_is_asked_for(
    model: IDE, cache: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Image.new("RGB", (32, 64), "red").save(tmp_path / "p.png")
    Embedder(model, EmbedderConfig(size=(64, 32))).embed([tmp_path / "p.png"], cache=cache)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == (["cache", "p.png"] if cache else ["p.png"])
    for path in (tmp_path / "cache").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, "nobody else may look at it"
