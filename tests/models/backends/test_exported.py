"""An exported graph gives what the system gives, in every engine and at any batch size."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import reseen
from reseen import models
from reseen.data.batch import PersonBatch
from reseen.descriptors.distance import Mahalanobis
from reseen.errors import ReseenError
from reseen.export import export, exporting
from reseen.models import checkpoint
from reseen.models.backends.exported import on_engine
from reseen.models.backends.graph import form_of, write_onnx
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.output import PersonOutput

pytest.importorskip("nncf", reason="the extra export is tested with its current versions alone")

SIZE = (96, 48)
PARTS = {"system": "aanet", "backbone": "test_resnet", "num_identities": 5, "num_parts": 2, "dim": 8}
POSE = {"width": 0.05, "streams": 1, "kernel": 3, "size": (64, 32)}
SYSTEMS: dict[str, dict[str, Any]] = {
    # A head of this one is called "global", which is no name in Python.
    "iva": {"system": "iva", "backbone": "test_resnet", "num_identities": 5, "dim": 8},
    "mva": {"system": "mva", "backbone": "test_resnet"},
    "acrn": {
        "system": "acrn",
        "num_identities": 5,
        "dim": 8,
        "attribute_net": {"model": {"backbone": "test_resnet"}, "size": (64, 32)},
    },
    "attention_driven": {
        "system": "attention_driven",
        "whole_size": (64, 32),
        "part_size": (32, 32),
        "width": 4,
        "dim": 8,
        "part_dim": 4,
        "pose": POSE,  # finds its joints within the graph
    },
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(4):
        Image.effect_noise((8, 16), 200).convert("RGB").resize((SIZE[1], SIZE[0])).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint with a distance of its own, and what it becomes when it is exported."""
    torch.manual_seed(0)
    folder, config = tmp_path_factory.mktemp("models"), EmbedderConfig(size=SIZE, normalize=True)
    model = models.build(models.config_of(PARTS)).eval()
    width = Embedder(model, config).embed([]).features.shape[1]
    distance = Mahalanobis(matrix=np.eye(2, width))
    checkpoint.save(folder / "torch", model, config, card="# Drawn", distance=distance, trained_on=["market1501"])
    export(folder / "torch", folder / "onnx", "onnx")
    graph = (folder / "onnx" / "model.onnx").read_bytes()
    with pytest.MonkeyPatch.context() as patch:  # the same graph, which takes seconds to write
        patch.setattr(exporting, "write_onnx", lambda *told: told[-1].write_bytes(graph))
        export(folder / "torch", folder / "openvino", "openvino")
    return {name: folder / name for name in ("torch", "onnx", "openvino")}


@pytest.mark.parametrize(
    ("folder", "backend"),
    [
        ("onnx", None),
        ("openvino", None),
        ("onnx", "openvino"),
        pytest.param("torch", "openvino", marks=pytest.mark.long),  # exports once more
    ],
)
def test_it_is_the_same_model_in_every_engine(
    folders: dict[str, Path], pictures: list[Path], folder: str, backend: Any
) -> None:
    own, other = reseen.load(folders["torch"]), reseen.load(folders[folder], backend=backend)
    assert other.digest == own.digest
    assert other.schema == own.schema
    for batch_size in (1, 3):
        expected, found = (each.embed(pictures, batch_size=batch_size) for each in (own, other))
        assert expected.features.std(0).max() > 1e-3, "the pictures differ, or everything would be equal"
        np.testing.assert_allclose(found.features, expected.features, atol=1e-5)
        found.check_comparable(expected)
        for name, table in (expected.attributes or {}).items():
            np.testing.assert_allclose((found.attributes or {})[name], table, atol=1e-5)
    assert len(other.embed([])) == 0
    with pytest.raises(ReseenError, match="attributes alone; explain the checkpoint it was made from"):
        other.describe(pictures[0])


@pytest.mark.long
@pytest.mark.parametrize("system", SYSTEMS)
def test_other_systems_can_be_exported(system: str, pictures: list[Path]) -> None:
    torch.manual_seed(0)
    own = Embedder(models.build(models.config_of(SYSTEMS[system])).eval(), EmbedderConfig(size=SIZE, flip=False))
    expected, found = (each.embed(pictures, batch_size=3) for each in (own, on_engine(own, "onnx")))
    np.testing.assert_allclose(found.features, expected.features, atol=1e-5)
    assert found.parts == expected.parts


class Views(nn.Module):
    """A system that sees its pictures at two further sizes, and calls a feature as one of them, as ACRN does."""

    extra_sizes = {"small": (32, 16), "wide": (32, 64)}  # noqa: RUF012 - read as a system's

    def __init__(self) -> None:
        super().__init__()
        self.config = None
        self.mix = nn.Linear(9, 5)

    def forward(self, batch: PersonBatch) -> PersonOutput:
        seen = [batch.images, batch.views["small"], batch.views["wide"] ** 2]
        return PersonOutput({"small": self.mix(torch.cat([each.mean((2, 3)) for each in seen], 1))})


def test_a_system_with_further_views_gets_them(pictures: list[Path]) -> None:
    own = Embedder(Views(), EmbedderConfig(size=SIZE))
    other = on_engine(own, "onnx")
    assert other.backend.extra_sizes == Views.extra_sizes
    expected, found = (each.embed(pictures, batch_size=3) for each in (own, other))
    np.testing.assert_allclose(found.features, expected.features, atol=1e-5)


class Decides(nn.Module):
    """Does what no graph can say: its path depends on the values of the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.config, self.weight = None, nn.Parameter(torch.ones(1))

    def forward(self, batch: PersonBatch) -> PersonOutput:
        means = batch.images.mean((2, 3)) * self.weight
        return PersonOutput({"means": means if means.sum() > 0 else -means})


def test_what_cannot_be_exported_says_so_in_one_line(tmp_path: Path) -> None:
    model = Decides()
    with pytest.raises(ReseenError, match=r"^Decides cannot be exported: .*; run it with --backend torch$"):
        write_onnx(model, form_of(model, SIZE), SIZE, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def damage(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 0x40
        (folder / name).write_bytes(bytes(content))

    return change


def change_form(folder: Path) -> None:
    content = json.loads((folder / "config.json").read_text())
    content["graph"]["features"] = content["graph"]["features"][1:]
    (folder / "config.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("folder", "change", "says"),
    [
        ("onnx", damage("model.onnx"), r"model\.onnx is not the one that config\.json was written for"),
        ("openvino", damage("model.bin"), r"model\.bin is not the one"),
        ("openvino", lambda folder: (folder / "model.bin").unlink(), r"model\.bin is not the one"),
        ("onnx", damage("distance.safetensors"), r"distance\.safetensors is not the one"),
        ("onnx", lambda folder: (folder / "config.json").write_text("{}"), "cannot load"),
        ("onnx", change_form, "cannot load"),
    ],
    ids=["graph", "weights", "no weights", "distance", "no config", "other outputs"],
)
def test_a_damaged_folder_says_so(
    folders: dict[str, Path], tmp_path: Path, folder: str, change: Callable[[Path], None], says: str
) -> None:
    shutil.copytree(folders[folder], tmp_path / "copy")
    change(tmp_path / "copy")
    with pytest.raises(ReseenError, match=says) as error:
        reseen.load(tmp_path / "copy")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("folder", "options", "says"),
    [
        ("onnx", {"backend": "torch"}, "is an exported graph, which PyTorch does not run: load the checkpoint"),
        ("openvino", {"backend": "onnx"}, "which ONNX Runtime does not read: export it --to onnx"),
        ("onnx", {"backend": "tensorrt"}, "there is no backend 'tensorrt'; it can be torch, onnx, openvino"),
        ("onnx", {"device": "cuda"}, "backend onnx runs on the CPU, not on cuda: leave out the device"),
    ],
)
def test_what_does_not_go_together_is_said(
    folders: dict[str, Path], folder: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ReseenError, match=says):
        reseen.load(folders[folder], **options)
