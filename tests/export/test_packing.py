"""Models in the package: what is put there, loads by its name, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import BaseModel
from safetensors.torch import load_file

import reseen
from reseen import checkpoint_files, models
from reseen.checkpoint_files import BOXED, CALIBRATION, IN_BOX, LARGEST_BOXED, MODEL_FILE, POSE_NET, RELIABILITY, REPORT
from reseen.checkpoint_files import CARD as CARD_FILE
from reseen.data.attributes import MARKET1501_SCHEMA, AttributeSchema, binary
from reseen.data.images.preparation import blank
from reseen.data.person import Protocol
from reseen.descriptors.calibration import Calibration, Curve
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport, RankingReport
from reseen.evaluation.attributes import attribute_accuracy
from reseen.export.packing import LONGEST, pack
from reseen.export.parity import compare, pictures_of_nobody
from reseen.models import checkpoint
from reseen.models.backends import backend
from reseen.models.backends.backend import Precision
from reseen.models.embedder import EmbedderConfig
from reseen.pose.network import load_pose_net
from reseen.training.card import DATA
from reseen.training.recipe import load_recipe

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
CARD = f'# A model\n\nreseen.load("path/to/this/folder")\n\n{DATA}\nDrawn persons.\n\n## Use\n\nNone.\n'


def trained(folder: Path, precision: Precision = "bfloat16", **options: object) -> Path:
    """Writes a checkpoint as training does, of a network with less of everything."""
    config = models.config_of(SMALL | {"dim": 16, "num_identities": 40, "descriptor": "global"} | options)
    return saved(folder, config, EmbedderConfig(size=(64, 32), normalize=True, flip=False, precision=precision))


def saved(folder: Path, system: BaseModel, config: EmbedderConfig) -> Path:
    """Writes a checkpoint whose statistics have seen something, like a trained one's, and which is calibrated."""
    torch.manual_seed(0)
    model = models.build(system)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    checkpoint.save(folder, model.eval(), config, card=CARD, trained_on=("rendered",))
    checkpoint.save_calibration(folder, KNOWN.model_copy(update={"model": digest_of(folder)}))
    (folder / RELIABILITY).write_bytes(b"a curve")
    return folder


def digest_of(folder: Path) -> str:
    return reseen.load(folder).digest


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
    assert not (box / "small" / REPORT).exists(), "nothing was measured"
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


@pytest.mark.parametrize("name", ["small-rendered", "small-market1501"])
def test_what_our_recipes_train_can_be_packed(name: str, tmp_path: Path, box: Path) -> None:
    """Before hours are spent on it."""
    recipe = load_recipe(name)
    form = models.learnt_form(recipe.model, MARKET1501_SCHEMA)
    system = recipe.system(len(recipe.phases) - 1, num_identities=751, attributes=form)
    config = EmbedderConfig(size=recipe.data.size, flip=False, normalize=True, precision="bfloat16")
    pack(saved(tmp_path / "last", system, config), "small", box=box)
    packed = reseen.load("small").model
    count = sum(each.numel() for each in packed.parameters())
    assert f"\n{count / 1e6:.1f} M parameters, without identity classifiers" in (box / "small" / CARD_FILE).read_text()
    assert count < 2.7e6


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


def report(dataset: str, mean_ap: float, *, runs: int = 1, labels: bool = False) -> EvaluationReport:
    ranking = RankingReport(mean_ap, np.array([0.25, 0.5]), 0.1, np.empty(0), "hits", queries=4, gallery=8, runs=runs)
    attributes = None
    if labels:
        schema = AttributeSchema("drawn", (binary("hat"),))
        attributes = attribute_accuracy([[0], [0], [0], [1], [0]], [[0], [0], [0], [1], [1]], schema)
    kind: Any = "two_way" if runs > 1 else "cross_camera"
    return EvaluationReport(dataset, ranking, attributes=attributes, protocol=Protocol(kind))


def test_card_and_report_tell_what_was_measured_of_these_very_weights_on_sets_never_seen(
    tmp_path: Path, box: Path
) -> None:
    own, file = trained(tmp_path / "last"), tmp_path / "transfer.json"
    reports = {
        "VIPeR": report("viper", 0.35446, runs=10),
        "Rendered": report("rendered", 0.9, labels=True),
        "Market-1501": report("market1501", 0.3, labels=True),
    }
    entry = {"views": 1, "reports": {title: each.as_dict() for title, each in reports.items()}}
    old = {"VIPeR mAP": 0.1}
    file.write_text(json.dumps({"old": old, "another": entry | {"model": "0"}, "x": entry | {"model": digest_of(own)}}))
    pack(own, "small", transfer=file, box=box)
    card = (box / "small" / "README.md").read_text()
    assert "Each picture was seen once, without its mirror image." in card
    head = "| test set | protocol | mAP | rank-1 |\n|---|---|---|---|\n"
    assert f"{head}| VIPeR | two way, mean over 10 folds | 35.45% | 25.00% |\n| Market-1501 | cross camera |" in card
    assert "| Rendered |" not in card
    assert card.count("| hat | 80.00% | 75.00% | 60.00% |\n| mean | 80.00% | 75.00% | 60.00% |\n") == 1
    kept = EvaluationReport.from_dict(json.loads((box / "small" / REPORT).read_text()))
    assert kept.as_dict() == reports["Market-1501"].as_dict()


def test_figures_of_other_weights_of_the_same_recipe_are_none_of_its(tmp_path: Path, box: Path) -> None:
    """Such as those of an earlier training, whatever their title says."""
    own, file = trained(tmp_path / "small-rendered" / "last"), tmp_path / "transfer.json"
    file.write_text(json.dumps({"small-rendered, 64x32": {"model": "another", "VIPeR mAP": 0.4}}))
    said = (
        rf"transfer\.json has no figures of {own} as it is now.*: python benchmarks/transfer\.py {own} --data DATA --js"
    )
    for _ in range(2):
        with pytest.raises(ReseenError, match=said):
            pack(own, "small", transfer=file, box=box)
        file.unlink(missing_ok=True)
    assert not box.exists()


def test_what_states_no_terms_or_is_in_the_package_already_is_refused(
    tmp_path: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = trained(tmp_path / "last")
    pack(own, "small", box=box)
    before = (box / "small" / CARD_FILE).read_text()
    for named in (Path("small"), box / "small"):
        for name in BOXED:
            with pytest.raises(ReseenError, match="in the package already: name the folder that reseen train wrote"):
                pack(named, name, box=box)
    for card in ("", "# A model\n\n## Same person?\n\nFitted.\n"):  # the second is what calibrating writes by itself
        (own / CARD_FILE).write_text(card)
        with pytest.raises(
            ReseenError, match=r"last has no README\.md that says whose terms it is under: reseen train"
        ):
            pack(own, "small", box=box)
    assert (box / "small" / CARD_FILE).read_text() == before


def test_a_model_that_half_precision_changes_is_refused(tmp_path: Path, box: Path) -> None:
    """Weights of the descriptor are so small that 16 bits hold none, and batch norm makes them large again."""
    own = trained(tmp_path / "last")
    embedder = reseen.load(own)
    with torch.no_grad():
        head = embedder.model.global_head
        head.reduction.weight[:8] *= 1e-9
        head.norm.running_mean[:8] = 0
        head.norm.weight[:8] *= 1e9
    checkpoint.save(own, embedder.model, embedder.config, card=CARD)
    checkpoint.save_calibration(own, KNOWN.model_copy(update={"model": embedder.digest}))
    with pytest.raises(
        ReseenError, match=r"half precision makes another model of .*last: cosine 0\.\d+, needed 0\.9999"
    ):
        pack(own, "small", box=box)
    assert not list(box.iterdir())


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


@pytest.mark.parametrize("name", [name for name in IN_BOX if checkpoint_files.boxed(name)])
def test_what_is_in_the_package_keeps_what_is_promised_of_it(name: str) -> None:
    folder = checkpoint_files.BOX / name
    assert sum(file.stat().st_size for file in folder.iterdir()) <= LARGEST_BOXED
    assert checkpoint_files.trained_on(folder)
    card = (folder / CARD_FILE).read_text()
    assert f"{DATA}\n" in card
    assert name in card.partition(DATA)[0], "how to use it"
    if name == POSE_NET:
        assert load_pose_net(folder).config.streams >= 1
        assert "## How far off its joints are" in card
        return
    model = reseen.load(folder)  # which looks at its calibration's digest
    assert model.calibration is not None
    told = model.embed(pictures_of_nobody(model.config.size, 1))
    assert told.features.shape[1] <= LONGEST
    assert told.attributes
    assert "## On sets it has never seen" in card
    assert EvaluationReport.from_dict(json.loads((folder / REPORT).read_text())).attributes is not None
