"""Models in the package: what is put there, loads by its name, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import reseen
from reseen import checkpoint_files, models
from reseen.checkpoint_files import MODEL_FILE
from reseen.data.images.preparation import blank
from reseen.descriptors.calibration import Calibration, Curve
from reseen.errors import ReseenError
from reseen.export.packing import pack
from reseen.export.parity import compare, pictures_of_nobody
from reseen.models import checkpoint
from reseen.models.embedder import EmbedderConfig

SMALL = {"system": "aanet", "backbone": "osnet_x0_25", "parts": None, "attention": [], "neck": "bnneck"}
"""What the recipes `small-…` train, with less of everything."""
CARD = "# A model\n\n## Data\n\nDrawn persons.\n\n## Use\n\nNone.\n"


def trained(folder: Path, **options: object) -> Path:
    """Writes a checkpoint whose statistics have seen something, like a trained one's."""
    torch.manual_seed(0)
    config = SMALL | {"dim": 16, "num_identities": 40, "descriptor": "global"} | options
    model = models.build(models.config_of(config))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    config = EmbedderConfig(size=(64, 32), normalize=True, flip=False)
    checkpoint.save(folder, model.eval(), config, card=CARD, trained_on=("rendered",))
    return folder


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    return tmp_path / "box"


def test_packed_model_loads_by_its_name_and_is_the_same(tmp_path: Path, box: Path) -> None:
    own = trained(tmp_path / "last")
    known = Calibration(
        model=reseen.load(own).digest,
        method="platt",
        source="drawn persons",
        persons=9,
        pairs=36,
        expected=2,
        error=0.01,
        curve=Curve(distances=(0, 1), ratios=(2, -2)),
    )
    checkpoint.save_calibration(own, known)
    parity = pack(own, "small", box=box)
    packed, trained_one = reseen.load("small"), reseen.load(own)
    pictures = pictures_of_nobody((64, 32), 4)
    again = compare(trained_one.embed(pictures), packed.embed(pictures))
    assert again.cosine > 0.9999
    assert 0 < again.probability <= parity.probability + 1e-3
    weights = load_file(box / "small" / MODEL_FILE)
    assert {each.dtype for each in weights.values() if each.ndim > 1} == {torch.float16}
    assert not any("global_head.classifier" in name for name in weights)
    assert packed.model.backbone.net.conv1[0].weight.dtype == torch.float32
    card = (box / "small" / "README.md").read_text()
    assert card.index("Drawn persons") < card.index("16 bits a weight") < card.index("## Use")
    assert checkpoint_files.trained_on(Path("small")) == ("rendered",)
    assert packed.calibration == known.model_copy(update={"model": packed.digest})
    assert packed.model(blank((64, 32))).maps["id"].shape == (1, 4, 2)


@pytest.mark.parametrize(
    ("options", "name", "largest", "message"),
    [
        ({}, "tiny", 10**7, "no model in the package is called 'tiny'; it can be small or small-market1501"),
        ({"dim": 600}, "small", 10**7, "has 600 numbers: models in the package have 512"),
        ({}, "small", 100_000, r"has 0\.\d MB in half precision, models in the package at most 0\.1 MB"),
    ],
)
def test_refused(options: dict[str, object], name: str, largest: int, message: str, tmp_path: Path, box: Path) -> None:
    own = trained(tmp_path / "last", **options)
    with pytest.raises(ReseenError, match=message):
        pack(own, name, box=box, largest=largest)
    assert not box.exists() or not list(box.iterdir())


def test_weights_that_half_precision_cannot_hold(tmp_path: Path, box: Path) -> None:
    own = trained(tmp_path / "last")
    embedder = reseen.load(own)
    with torch.no_grad():
        embedder.model.backbone.net.conv1[0].weight[0, 0, 0, 0] = 1e6
    checkpoint.save(own, embedder.model, embedder.config, card=CARD)
    with pytest.raises(ReseenError, match="NaN or infinity"):
        pack(own, "small", box=box)
    assert not list(box.iterdir())


def test_until_one_is_there_its_name_says_what_to_do(box: Path) -> None:
    with pytest.raises(ReseenError, match="'small-market1501' is not in this package yet: name a checkpoint"):
        reseen.load("small-market1501")


def test_a_checkpoint_of_that_name_in_the_working_folder_comes_first(
    tmp_path: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(tmp_path / "small")
    monkeypatch.chdir(tmp_path)
    assert reseen.load("small").config.size == (64, 32)
