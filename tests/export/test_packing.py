"""Models in the package: what is put there, loads by its name, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import reseen
from reseen import checkpoint_files, models
from reseen.checkpoint_files import CALIBRATION, MODEL_FILE, RELIABILITY
from reseen.data.images.preparation import blank
from reseen.descriptors.calibration import Calibration, Curve
from reseen.errors import ReseenError
from reseen.export.packing import pack, unseen_figures
from reseen.export.parity import compare, pictures_of_nobody
from reseen.models import checkpoint
from reseen.models.backends import backend
from reseen.models.backends.backend import Precision
from reseen.models.embedder import EmbedderConfig

SMALL = {"system": "aanet", "backbone": "osnet_x0_25", "parts": None, "attention": [], "neck": "bnneck"}
"""What the recipes `small-…` train, with less of everything."""
KNOWN = Calibration(
    model="",
    method="platt",
    source="drawn persons",
    persons=9,
    pairs=36,
    expected=2,
    error=0.01,
    curve=Curve(distances=(0, 1), ratios=(2, -2)),
)
CARD = '# A model\n\nreseen.load("path/to/this/folder")\n\n## Data\n\nDrawn persons.\n\n## Use\n\nNone.\n'


def trained(folder: Path, precision: Precision = "bfloat16", **options: object) -> Path:
    """Writes a checkpoint whose statistics have seen something, like a trained one's, and who is calibrated."""
    torch.manual_seed(0)
    config = SMALL | {"dim": 16, "num_identities": 40, "descriptor": "global"} | options
    model = models.build(models.config_of(config))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    config = EmbedderConfig(size=(64, 32), normalize=True, flip=False, precision=precision)
    checkpoint.save(folder, model.eval(), config, card=CARD, trained_on=("rendered",))
    checkpoint.save_calibration(folder, KNOWN.model_copy(update={"model": reseen.load(folder).digest}))
    (folder / RELIABILITY).write_bytes(b"a curve")
    return folder


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    return tmp_path / "box"


def test_packed_model_loads_by_its_name_and_is_the_same(tmp_path: Path, box: Path) -> None:
    own = trained(tmp_path / "last", precision="float32")
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
    assert 'reseen.load("small")' in card
    assert card.index("Drawn persons") < card.index("16 bits a weight") < card.index("## Use")
    assert checkpoint_files.trained_on(Path("small")) == ("rendered",)
    assert packed.calibration == KNOWN.model_copy(update={"model": packed.digest})
    assert (box / "small" / RELIABILITY).read_bytes() == b"a curve"
    assert packed.model(blank((64, 32))).maps["id"].shape == (1, 4, 2)


def test_the_number_format_it_runs_in_hides_nothing_of_what_packing_changes(
    tmp_path: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every recipe of ours says bfloat16, which rounds far more than half precision does."""
    monkeypatch.setattr(backend, "runs_bfloat16", lambda device: True)
    low = pack(trained(tmp_path / "low", precision="bfloat16"), "small", box=box)
    assert reseen.load("small").config.precision == "bfloat16"
    assert low == pack(trained(tmp_path / "full", precision="float32"), "small", box=box)


@pytest.mark.parametrize(
    ("options", "name", "largest", "message"),
    [
        ({}, "tiny", 10**7, "no model in the package is called 'tiny'; it can be small or small-market1501"),
        ({"dim": 600}, "small", 10**7, "has 600 numbers: models in the package have 512"),
        ({"attribute": False}, "small", 10**7, "last tells no attributes, and models in the package do"),
        ({}, "small", 100_000, r"has 0\.\d MB in half precision, models in the package at most 0\.1 MB"),
    ],
)
def test_refused(options: dict[str, object], name: str, largest: int, message: str, tmp_path: Path, box: Path) -> None:
    own = trained(tmp_path / "last", **options)
    with pytest.raises(ReseenError, match=message):
        pack(own, name, box=box, largest=largest)
    assert not box.exists() or not list(box.iterdir())


def test_what_nobody_has_calibrated_is_refused(tmp_path: Path, box: Path) -> None:
    (trained(tmp_path / "last") / CALIBRATION).unlink()
    with pytest.raises(ReseenError, match=r"what distances of .*last mean: reseen calibrate .*last DATA"):
        pack(tmp_path / "last", "small", box=box)
    assert not box.exists()


def test_card_tells_figures_on_sets_never_seen(tmp_path: Path, box: Path) -> None:
    own, file = trained(tmp_path / "small-rendered" / "last"), tmp_path / "transfer.json"
    figures = {"VIPeR mAP": 0.35446, "VIPeR rank1": 0.25, "Rendered mAP": 0.9, "Rendered rank1": 0.9}
    file.write_text(json.dumps({"another, 128x64": {}, "small-rendered, 64x32": figures}))
    pack(own, "small", figures=unseen_figures(own, file), box=box)
    card = (box / "small" / "README.md").read_text()
    head = "## On sets it has never seen\n| test set | mAP | rank-1 |\n|---|---|---|\n"
    assert f"{head}| VIPeR | 35.45% | 25.00% |\n" in card
    assert "| Rendered |" not in card
    file.write_text("{}")
    with pytest.raises(ReseenError, match=r"no figures of small-rendered: python benchmarks/transfer\.py small-ren"):
        unseen_figures(own, file)


def test_weights_that_half_precision_cannot_hold(tmp_path: Path, box: Path) -> None:
    own = trained(tmp_path / "last")
    embedder = reseen.load(own)
    with torch.no_grad():
        embedder.model.backbone.net.conv1[0].weight[0, 0, 0, 0] = 1e6
    checkpoint.save(own, embedder.model, embedder.config, card=CARD)
    checkpoint.save_calibration(own, KNOWN.model_copy(update={"model": embedder.digest}))
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
