"""Exporting leaves a whole folder or nothing; eight bits are another model, and cost what the card says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import reseen
from reseen import models
from reseen.checkpoint_files import divisions_of, held_back, trained_on
from reseen.data import open_split
from reseen.data.person import PersonImage, Split
from reseen.errors import ReseenError
from reseen.evaluation.split import evaluate_split
from reseen.export import export, low
from reseen.export import parity as parities
from reseen.export.parity import pictures_of_nobody
from reseen.models import checkpoint
from reseen.models.backends import backend
from reseen.models.embedder import Embedder, EmbedderConfig
from tests.search.gallery.persons import png

pytest.importorskip("nncf", reason="the extra export is tested with its current versions alone")


HELD = {"name": "cuhk01", "options": {"fold": 3}, "share": 0.1, "seed": 0}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = {"system": "ide", "backbone": "test_resnet", "num_identities": 5}
    model = models.build(models.config_of(config)).eval()
    checkpoint.save(
        tmp_path / "last",
        model,
        EmbedderConfig(size=(64, 32)),
        card="# Drawn by hand",
        trained_on=["cuhk01"],
        divisions={"cuhk01": [{"fold": 3}]},
        held_back=HELD,
    )
    return tmp_path / "last"


@pytest.mark.parametrize("engine", ["onnx", pytest.param("openvino", marks=pytest.mark.long)])
def test_eight_bits_are_another_model_whose_cost_is_known(
    engine: Any, saved: Path, market_drawn: Path, tmp_path: Path
) -> None:
    split = open_split("market1501", market_drawn)
    found = export(saved, tmp_path / "small", engine, calibrate=split)
    own, other = reseen.load(saved), reseen.load(tmp_path / "small")
    assert own.digest != other.digest
    with pytest.raises(ReseenError, match="embed both with the same model"):
        own.embed([split.query[0]]).check_comparable(other.embed([split.query[0]]))
    assert 0.9 < found.parity.cosine < 0.999999, "it is near, and not the same"
    assert (found.metric, found.note) == ("mAP", "on market1501")
    assert found.before == pytest.approx(evaluate_split(own, split).report.primary, abs=1e-6)
    assert found.after == pytest.approx(evaluate_split(other, split).report.primary, abs=1e-6)
    card = (tmp_path / "small" / "README.md").read_text()
    assert f"{100 * (found.before - found.after):.2f} points lost, on market1501." in card
    assert "# Drawn by hand" in card
    known = trained_on(tmp_path / "small"), divisions_of(tmp_path / "small"), held_back(tmp_path / "small")
    assert known == (("cuhk01",), {"cuhk01": [{"fold": 3}]}, HELD), "whom it knows is still told"
    graph, step = {"onnx": ("model.onnx", b"QuantizeLinear"), "openvino": ("model.xml", b"FakeQuantize")}[engine]
    assert (tmp_path / "small" / graph).read_bytes().count(step) >= 10, "a step for each convolution"
    weights = tmp_path / "small" / {"onnx": "model.onnx", "openvino": "model.bin"}[engine]
    assert weights.stat().st_size < 0.6 * (saved / "model.safetensors").stat().st_size


def people(count: int, **changes: Any) -> tuple[PersonImage, ...]:
    pictures = [PersonImage(png(number), number // 2 + 1, number % 2) for number in range(count)]
    return tuple(replace(picture, **changes) for picture in pictures)


@pytest.mark.parametrize(
    ("split", "says"),
    [
        (Split("mine", people(4), (), people(4)), "nothing to report on mine: it needs query"),
        (Split("mine", people(4), people(4), ()), "mine has no gallery"),
        (Split("mine", people(4), people(1), (PersonImage(b"none", 1, 1),)), "corrupt images: 1 or more"),
        (Split("mine", people(4, path=b"none"), people(4), people(4)), "none of the training pictures of mine"),
    ],
)
def test_data_that_nothing_can_be_measured_on_is_told_and_nothing_written(
    split: Split, says: str, saved: Path, tmp_path: Path
) -> None:
    """A graph of 32 bits that is said to have 8 would be worse than none."""
    with pytest.raises(ReseenError, match=says):
        export(saved, tmp_path / "small", "onnx", calibrate=split)
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


@pytest.mark.long
def test_a_graph_that_gives_something_else_is_not_kept(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(saved, tmp_path / "out", "onnx")
    before = (tmp_path / "out" / "model.onnx").read_bytes()
    monkeypatch.setattr(parities, "LEAST_COSINE", 1.1)
    for place in ("out", "new"):
        with pytest.raises(ReseenError, match=r"differ from PyTorch's: cosine (0\.99999|1\.0)"):
            export(saved, tmp_path / place, "onnx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last", "out"]
    assert (tmp_path / "out" / "model.onnx").read_bytes() == before, "the earlier export is still there"
    assert re.search("An ONNX graph, 32-bit floats", (tmp_path / "out" / "README.md").read_text())


def test_nothing_else_is_replaced(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="last holds other things; name a new folder"):
        export(saved, saved, "onnx")
    assert (saved / "model.safetensors").is_file()
    (tmp_path / "file").touch()
    with pytest.raises(ReseenError, match="file holds other things"):
        export(saved, tmp_path / "file", "onnx")


def test_a_checkpoint_of_bfloat16_is_compared_as_both_run(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch rounds to bfloat16, which every processor can imitate, and ONNX Runtime does not: they are apart."""
    config = saved / "config.json"
    config.write_text(config.read_text().replace('"float32"', '"bfloat16"'))
    for module in (low, backend):
        monkeypatch.setattr(module, "runs_bfloat16", lambda device: True)
    found = export(saved, tmp_path / "out", "onnx").as_run
    assert found is not None
    assert found.parity is not None
    pictures = pictures_of_nobody((64, 32), 32)
    one, two = (reseen.load(folder).embed(pictures) for folder in (saved, tmp_path / "out"))
    lengths = np.linalg.norm(one.features, axis=1) * np.linalg.norm(two.features, axis=1)
    cosines = (one.features * two.features).sum(1) / lengths
    assert found.parity.cosine == pytest.approx(cosines.min(), abs=1e-5)
    assert found.parity.cosine < 0.999999, "32 bits would be nearer"
    assert found.distance == pytest.approx(np.linalg.norm(one.features - two.features, axis=1).max(), rel=0.01)
    assert found.parity.pictures == 32
    card = (tmp_path / "out" / "README.md").read_text()
    assert "PyTorch in bfloat16 and ONNX Runtime in 32 bits, 32 pictures: smallest cosine 0.99" in card
    assert "Beside PyTorch in 32 bits, 12 pictures: smallest cosine 1.000000" in card


def test_where_the_processor_has_no_bfloat16_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(low, "runs_bfloat16", lambda device: False)
    model = models.build(models.config_of({"system": "ide", "backbone": "test_resnet", "num_identities": 5}))
    own = Embedder(model, EmbedderConfig(size=(64, 32), precision="bfloat16"))
    found = low.as_run(own, own, "openvino")
    assert found.parity is None
    assert found.words() == "not compared in bfloat16: this processor does not compute in it"
