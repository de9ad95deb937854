"""Training really learns, stops and goes on as if it had not, and leaves everything in its folder."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file

import reseen
from reseen.data import open_split
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.batch import PersonBatch
from reseen.data.images.keypoints import keypoints_of, mirror
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport
from reseen.models.ide import IDE
from reseen.models.output import PersonOutput
from reseen.training.fit import Run
from reseen.training.loop.progress import TrainingProgress
from reseen.training.recipe import Recipe, recipe_from
from reseen.world import RenderConfig, render
from tests.flat_world import FlatWorld

QUIET = Console(file=io.StringIO())
RED = MARKET1501_SCHEMA["upper_color"].index("red")
ONE: dict[str, Any] = {"epochs": 1, "objective": {"terms": [{"kind": "identity"}]}}
AANET_OBJECTIVE = {
    "terms": [
        *({"kind": "identity", "heads": [head]} for head in ("global", "part", "attention")),
        {"kind": "attribute"},
    ],
    "weighting": "uncertainty",
}


def make_recipe(root: Path, **changes: Any) -> Recipe:
    content: dict[str, Any] = {
        "name": "tiny",
        "data": {"name": "market1501", "root": str(root), "size": [64, 32]},
        "model": {"system": "ide", "backbone": "test_resnet", "neck": "bnneck"},
        "precision": "32-true",
        "phases": [
            {
                "epochs": 2,
                "sampler": {"kind": "identities", "persons": 4, "images_per_person": 2},
                "objective": {"terms": [{"kind": "identity", "label_smoothing": 0.1}, {"kind": "triplet"}]},
                "optimizer": {"name": "adam", "lr": 1e-3},
                "schedule": {"name": "cosine", "warmup": 0.5},
                "augmentation": {"flip": 0.5, "pad_crop": 2, "erasing": 0.3},
            }
        ],
    }
    for key, value in changes.items():
        content[key] = content.get(key, {}) | value if isinstance(value, dict) else value
    return recipe_from(content, "test")


def fit(recipe: Recipe, folder: Path, **options: Any) -> EvaluationReport | None:
    return Run(recipe, folder, accelerator="cpu", console=QUIET, **options).train()


def phases(recipe: Recipe, **changes: Any) -> list[dict[str, Any]]:
    return [phase.model_dump(mode="json") | changes for phase in recipe.phases]


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "last" / "model.safetensors")


def assert_equal_weights(one: Path, other: Path) -> None:
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def straight(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two phases of two epochs without any interruption."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    recipe = make_recipe(market_drawn)
    assert fit(make_recipe(market_drawn, phases=phases(recipe) * 2), folder)
    return folder


def two_phases(root: Path) -> Recipe:
    return make_recipe(root, phases=phases(make_recipe(root)) * 2)


def test_folder_holds_everything(straight: Path) -> None:
    names = {path.name for path in straight.iterdir()}
    assert names >= {
        "recipe.yaml",
        "log.txt",
        "metrics.csv",
        "last",
        "best-on-test",
        "report.json",
        "state.ckpt",
        "tensorboard",
    }
    report = json.loads((straight / "report.json").read_text())
    assert 0 <= report["mAP"] <= 1
    assert report["training_seconds"] > 0
    card = (straight / "last" / "README.md").read_text()
    assert "academic research only" in card  # the data set's terms
    assert f"{report['mAP']:.2%}" in card
    assert len((straight / "metrics.csv").read_text().splitlines()) == 1 + 4


def test_a_system_learns_attributes_in_its_own_form(market_drawn: Path, tmp_path: Path) -> None:
    """IVA wants every colour by itself; the data set has one attribute with eight classes."""
    terms = [{"kind": "identity"}, {"kind": "attribute"}, {"kind": "triplet", "heads": ["global", "upper", "lower"]}]
    recipe = make_recipe(market_drawn, phases=phases(make_recipe(market_drawn), epochs=1, objective={"terms": terms}))
    model = {"system": "iva", "backbone": "test_resnet", "dim": 16}
    recipe = recipe_from(recipe.model_dump(mode="json") | {"model": model}, "test")
    run = Run(recipe, tmp_path / "run", accelerator="cpu", console=QUIET)
    report = run.train()
    assert run.images.schema is not None
    assert run.images.attributes is not None
    column = run.images.schema.columns["upper_color:red"].start
    labels = [image.attributes["upper_color"] for image in run.images.cached.images]
    assert run.images.attributes[:, column].tolist() == [int(label == RED) for label in labels]
    assert report is not None
    assert report.attributes is not None
    assert "upper_color:red" in report.attributes.binary_accuracy
    assert "upper_color" in report.attributes.accuracy
    assert reseen.load(tmp_path / "run" / "last").schema == run.images.schema


def test_intermediate_evaluation_changes_nothing_of_the_training(market_drawn: Path, tmp_path: Path) -> None:
    """Batch norm learns in every step, also after a new best: building an embedder once left the model in eval mode."""
    recipe = make_recipe(market_drawn, phases=phases(make_recipe(market_drawn), epochs=3), evaluation={"every": 1})
    fit(recipe, tmp_path / "often")
    fit(make_recipe(market_drawn, phases=phases(recipe)), tmp_path / "never")
    assert (tmp_path / "often" / "best-on-test").is_dir()
    assert_equal_weights(tmp_path / "often", tmp_path / "never")


def test_checkpoint_loads_and_embeds_as_evaluated(straight: Path, market_drawn: Path) -> None:
    embedder = reseen.load(straight / "last")
    query = sorted((market_drawn / "query").glob("*.jpg"))[:3]
    embeddings = embedder.embed(query)
    assert embeddings.features.shape == (3, 96)
    assert embedder.config.size == (64, 32)


def test_two_and_two_epochs_equal_four(market_drawn: Path, straight: Path, tmp_path: Path) -> None:
    recipe, folder = two_phases(market_drawn), tmp_path / "run"
    assert fit(recipe, folder, stop_after=1) is None
    assert not (folder / "last").exists()
    assert fit(recipe, folder, resume=True, stop_after=1) is None  # one epoch into the second phase
    assert fit(recipe, folder, resume=True)
    assert_equal_weights(folder, straight)
    epochs = [line.split(",")[:2] for line in (folder / "metrics.csv").read_text().splitlines()[1:]]
    assert epochs == [["0", "1"], ["0", "2"], ["1", "1"], ["1", "2"]]


def test_interrupted_in_an_epoch_goes_on_bit_for_bit(
    market_drawn: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_after(monkeypatch, steps=3)
    recipe, folder = two_phases(market_drawn), tmp_path / "run"
    handler = signal.getsignal(signal.SIGINT)
    assert fit(recipe, folder) is None
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.undo()
    assert torch.load(folder / "state.ckpt", weights_only=True)["batch"] > 0
    assert fit(recipe, folder, resume=True)
    assert_equal_weights(folder, straight)
    files = [(each / "metrics.csv").read_text().splitlines() for each in (folder, straight)]
    own, whole = ([line.split(",")[:3] for line in file] for file in files)
    assert own == whole, "an epoch's loss is of all its steps"


def test_a_run_that_dies_before_its_first_state_begins_anew(
    market_drawn: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise MemoryError

    recipe, folder = two_phases(market_drawn), tmp_path / "run"
    monkeypatch.setattr(TrainingProgress, "move", die)
    with pytest.raises(MemoryError):
        fit(recipe, folder)
    assert (folder / "recipe.yaml").exists()
    assert not (folder / "state.ckpt").exists()
    monkeypatch.undo()
    events = folder / "tensorboard" / "0-main" / "events"  # as after ten steps
    events.parent.mkdir(parents=True, exist_ok=True)
    events.touch()
    with pytest.raises(ReseenError, match="is not empty: go on with --resume"):
        fit(recipe, folder)
    assert fit(recipe, folder, resume=True)
    assert_equal_weights(folder, straight)
    assert not events.exists(), "steps that do not count are not drawn"


def interrupt_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Sends this process Ctrl-C in the given step."""
    original: Callable[..., None] = TrainingProgress.move
    taken = 0

    def interrupt(self: TrainingProgress, *args: Any) -> None:
        nonlocal taken
        taken += 1
        if taken == steps:
            os.kill(os.getpid(), signal.SIGINT)
        original(self, *args)

    monkeypatch.setattr(TrainingProgress, "move", interrupt)


def test_training_learns(market_drawn: Path, tmp_path: Path) -> None:
    start = make_recipe(market_drawn)
    untrained = fit(
        make_recipe(market_drawn, phases=phases(start, epochs=1, optimizer={"name": "adam", "lr": 1e-12})),
        tmp_path / "0",
    )
    optimizer = {"name": "adam", "lr": 2e-3}
    long = phases(start, epochs=15, optimizer=optimizer, augmentation={"flip": 0.5, "pad_crop": 2})
    trained = fit(make_recipe(market_drawn, phases=long), tmp_path / "1")
    assert trained is not None
    assert untrained is not None
    assert trained.figures()["mAP"] > untrained.figures()["mAP"] + 0.2
    losses = [float(line.split(",")[2]) for line in (tmp_path / "1" / "metrics.csv").read_text().splitlines()[1:]]
    assert losses[-1] < 0.6 * losses[0]


def test_aanet_trains_on_attributes_with_learnt_weights(market_drawn: Path, tmp_path: Path) -> None:
    recipe = make_recipe(
        market_drawn,
        model={"system": "aanet", "backbone": "test_resnet", "neck": "relu", "num_parts": 3},
        phases=[{"epochs": 1, "objective": AANET_OBJECTIVE, "sampler": {"kind": "random", "batch_size": 8}}],
        evaluation={"every": 1, "reranking": True},
    )
    report = fit(recipe, tmp_path / "run")
    assert report is not None
    assert report.attributes is not None
    assert len(report.attributes.accuracy) == 12
    assert report.reranked is not None
    assert torch.load(tmp_path / "run" / "state.ckpt", weights_only=True)["objective"]


def test_frozen_parts_stay_as_they_are(market_drawn: Path, tmp_path: Path) -> None:
    recipe = make_recipe(market_drawn)
    torch.manual_seed(0)
    run = Run(make_recipe(market_drawn, phases=phases(recipe, frozen=["backbone"])), tmp_path / "a", console=QUIET)
    assert run.train()
    untouched = make_recipe(market_drawn, phases=phases(recipe, frozen=["backbone"], epochs=1))
    assert fit(untouched, tmp_path / "b")
    first, second = weights_of(tmp_path / "a"), weights_of(tmp_path / "b")
    assert all(torch.equal(first[name], second[name]) for name in first if name.startswith("backbone."))
    assert any(not torch.equal(first[name], second[name]) for name in first if not name.startswith("backbone."))


def test_what_one_phase_froze_the_next_one_trains(market_drawn: Path, tmp_path: Path) -> None:
    (phase,) = phases(make_recipe(market_drawn), epochs=1)
    recipe = make_recipe(market_drawn, phases=[phase | {"frozen": ["backbone"]}, phase])
    assert fit(recipe, tmp_path / "straight")
    assert fit(recipe, tmp_path / "resumed", stop_after=1) is None
    assert fit(recipe, tmp_path / "resumed", resume=True)
    assert_equal_weights(tmp_path / "straight", tmp_path / "resumed")
    start = make_recipe(market_drawn, phases=[phase | {"frozen": ["backbone"]}])
    assert fit(start, tmp_path / "frozen")
    first, second = weights_of(tmp_path / "frozen"), weights_of(tmp_path / "straight")
    assert any(not torch.equal(first[name], second[name]) for name in first if name.endswith("conv1.weight"))


def test_best_is_never_worse_than_last(market_drawn: Path, tmp_path: Path) -> None:
    recipe = make_recipe(market_drawn, phases=phases(make_recipe(market_drawn), epochs=4), evaluation={"every": 1})
    report = fit(recipe, tmp_path / "run")
    assert report is not None
    rows = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    column = rows[0].split(",").index("mAP")
    before = max(float(row.split(",")[column]) for row in rows[1:-1])
    card = (tmp_path / "run" / "best-on-test" / "README.md").read_text()
    assert f"{max(before, report.primary):.2%}" in card


def test_a_failing_evaluation_costs_no_epoch(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise ReseenError("out of disk")

    recipe, folder = make_recipe(market_drawn, evaluation={"every": 1}), tmp_path / "run"
    monkeypatch.setattr("reseen.training.outcome.evaluate_split", fail)
    with pytest.raises(ReseenError, match="out of disk"):
        fit(recipe, folder)
    assert torch.load(folder / "state.ckpt", weights_only=True)["epoch"] == 1
    monkeypatch.undo()
    assert fit(recipe, folder, resume=True)


def test_resuming_with_another_recipe_is_refused(market_drawn: Path, straight: Path) -> None:
    before = (straight / "recipe.yaml").read_text()
    changed = make_recipe(market_drawn, phases=phases(make_recipe(market_drawn), optimizer={"name": "sgd"}) * 2)
    with pytest.raises(ReseenError, match=r"differs from .* in 'phases\.0\.optimizer\.(lr|name)'"):
        fit(changed, straight, resume=True)
    assert (straight / "recipe.yaml").read_text() == before


def test_a_failed_start_leaves_nothing(market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reseen.training.fit.cached_images", lambda *_, **__: pytest.fail("pictures were decoded"))
    with pytest.raises(ReseenError, match=r"missing\.safetensors"):
        fit(make_recipe(market_drawn, init={"backbone": "missing.safetensors"}), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(ReseenError, match="try --accelerator auto"):
        Run(make_recipe(market_drawn), tmp_path / "run", accelerator="nonsense", console=QUIET).train()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"root": "no/such/folder"}}, "no/such/folder"),
        ({"model": {"num_identities": 3}}, "model.num_identities follows from the data"),
        ({"data": {"size": [0, 0]}}, "greater than or equal to 32"),
        ({"data": {"options": {"fold": 1}}}, "has no option 'fold'"),
        ({"init": {"backbone": "missing.safetensors"}}, r"missing\.safetensors"),
        (
            {"phases": [ONE | {"frozen": ["neck"]}]},
            "frozen names 'neck', but the system has no such part; it has: backbone",
        ),
        ({"phases": [ONE | {"sampler": {"kind": "random", "batch_size": 4096}}]}, "too few for one batch"),
        (
            {"phases": [ONE | {"objective": {"terms": [{"kind": "identity", "heads": ["part"]}]}}]},
            "names the head 'part'",
        ),
    ],
)
def test_mistakes_end_in_one_line(market_drawn: Path, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        fit(make_recipe(market_drawn, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_used_folder_is_not_overwritten(market_drawn: Path, straight: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="is not empty: go on with --resume"):
        fit(two_phases(market_drawn), straight)
    with pytest.raises(ReseenError, match="nothing to resume"):
        fit(two_phases(market_drawn), tmp_path, resume=True)


def test_extra_images_are_learned_and_named_in_the_card(
    market_drawn: Path, flat_world: type[FlatWorld], tmp_path: Path
) -> None:
    render(tmp_path / "flat", RenderConfig(persons=6, images_per_camera=2, cameras=2, size=(64, 32)))
    extra = [{"name": "rendered", "root": str(tmp_path / "flat")}]
    recipe = make_recipe(market_drawn, data={"extra": extra})
    assert fit(make_recipe(market_drawn, data={"extra": extra}, phases=phases(recipe, epochs=1)), tmp_path / "run")
    config = json.loads((tmp_path / "run" / "last" / "config.json").read_text())
    assert config["model"]["num_identities"] == 8 + 3
    card = (tmp_path / "run" / "last" / "README.md").read_text()
    assert "training set enlarged by 12 images of 3 persons of rendered. Rendered by reseen" in card
    assert str(tmp_path) not in card


def test_joints_and_further_sizes_reach_the_system(
    flat_world: type[FlatWorld], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In training and in evaluation; pictures of 64 x 32 are decoded at 128 x 64, one of the sizes asked for."""
    render(tmp_path / "flat", RenderConfig(persons=8, images_per_camera=2, cameras=2, size=(64, 32)))
    batches: list[tuple[bool, PersonBatch]] = []
    forward = IDE.forward

    def record(self: IDE, batch: PersonBatch) -> PersonOutput:
        batches.append((self.training, batch))
        return forward(self, batch)

    monkeypatch.setattr(IDE, "forward", record)
    monkeypatch.setattr(IDE, "extra_sizes", {"large": (128, 64)}, raising=False)
    data = {"name": "rendered", "root": str(tmp_path / "flat"), "options": {"keypoints": True}, "size": [128, 64]}
    recipe = make_recipe(tmp_path, data=data)
    changes = {"epochs": 1, "size": [64, 32], "augmentation": {"flip": 1.0}}
    assert fit(make_recipe(tmp_path, data=data, phases=phases(recipe, **changes)), tmp_path / "run")
    split = open_split("rendered", tmp_path / "flat", keypoints=True)
    for training, size in ((True, (64, 32)), (False, (128, 64))):
        images = split.train if training else split.query + split.gallery
        joints = keypoints_of(images, [(64, 32)] * len(images), size)
        assert joints is not None
        known = mirror(joints, size[1]) if training else torch.cat([joints, mirror(joints, size[1])])
        seen = [batch for mode, batch in batches if mode == training and len(batch.images) > 1]
        assert seen
        for batch in seen:
            assert tuple(batch.images.shape[2:]) == size
            assert batch.views["large"].shape == (len(batch.images), 3, 128, 64)
            assert batch.keypoints is not None
            gaps = (batch.keypoints[:, None] - known).abs().amax((2, 3))  # (B, images)
            assert gaps.amin(1).max() < 1e-3, "each image's joints are those of one of the data set"
            assert (gaps < 1).sum() < len(gaps) * 2
