"""How the phases of a run follow each other: what each sees, changes, keeps and begins anew."""

from __future__ import annotations

import io
import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file, save_file
from torch import Tensor

from reseen import models
from reseen.data import open_split
from reseen.data.validation import hold_out
from reseen.descriptors.distance import Euclidean, Sum
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation import evaluate
from reseen.evaluation.split import Evaluation, evaluate_split
from reseen.models import checkpoint
from reseen.training.fit import Run
from reseen.training.loop.state import TrainingState
from reseen.training.recipe import Recipe, recipe_from
from reseen.world import RenderConfig, render
from tests.flat_world import FlatWorld
from tests.training.small import Tiny, phase_of

ADAM = {"name": "adam", "lr": 0.01}
LEARNT = {"terms": [{"kind": "identity"}], "weighting": "uncertainty"}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Tiny]:
    """Systems of a few weights stand in for the baseline; those that a run builds, in their order."""
    systems: list[Tiny] = []

    def build(config: Any) -> Tiny:
        systems.append(Tiny(config))
        return systems[-1]

    monkeypatch.setattr(models, "build", build)
    monkeypatch.setattr(models, "outline", Tiny)
    return systems


def recipe_of(root: Path, *phases: dict[str, Any], **changes: Any) -> Recipe:
    content = {
        "name": "tiny",
        "data": {"name": "market1501", "root": str(root), "size": [64, 32]},
        "model": {"system": "ide", "backbone": "test_resnet"},
        "precision": "32-true",
        "evaluation": {"flip": False},
        "phases": [
            phase_of(**({"name": f"p{i}", "sampler": {"kind": "random", "batch_size": 16}} | phase)).model_dump(
                mode="json", exclude_unset=True
            )
            for i, phase in enumerate(phases)
        ],
    }
    return recipe_from(content | changes, "test")


def run(recipe: Recipe, folder: Path, **options: Any) -> Run:
    made = Run(recipe, folder, accelerator="cpu", console=Console(file=io.StringIO()), **options)
    made.train()
    return made


def weights(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "last" / "model.safetensors")


def log_of(folder: Path) -> str:
    return (folder / "log.txt").read_text()


def test_each_phase_shows_pictures_of_its_size(built: list[Tiny], market_drawn: Path, tmp_path: Path) -> None:
    run(recipe_of(market_drawn, {"size": [32, 32]}, {}), tmp_path / "run")
    (model,) = built
    sizes = [tuple(batch.images.shape[2:]) for batch in model.trained_on()]
    assert sizes == [(32, 32)] * 3 + [(64, 32)] * 3  # 48 pictures in batches of 16
    evaluated = {
        tuple(batch.images.shape[2:]) for training, batch in model.seen if not training and len(batch.images) > 1
    }
    assert evaluated == {(64, 32)}
    assert json.loads((tmp_path / "run" / "last" / "config.json").read_text())["embedder"]["size"] == [64, 32]


def test_each_phase_has_its_own_objective_rate_and_changes(
    built: list[Tiny], market_drawn: Path, tmp_path: Path
) -> None:
    phases = [
        {"optimizer": ADAM | {"lr": 0.02}},
        {
            "optimizer": ADAM | {"lr": 0.05},
            "objective": {"terms": [{"kind": "identity", "name": "who"}]},
            "schedule": {"warmup": 1, "warmup_from": 0.5},
            "augmentation": {"flip": 0, "jitter": 0.9},
        },
    ]
    run(recipe_of(market_drawn, *phases), tmp_path / "run")
    header, first, second = (line.split(",") for line in (tmp_path / "run" / "metrics.csv").read_text().splitlines())
    rows = [dict(zip(header, row, strict=True)) for row in (first, second)]
    assert [bool(row.get("identity")) for row in rows] == [True, False]
    assert [bool(row.get("who")) for row in rows] == [False, True]
    assert float(rows[0]["lr"]) == pytest.approx(0.02)
    assert float(rows[1]["lr"]) == pytest.approx(0.05 * (0.5 + 0.5 * 2 / 3), rel=1e-4)  # its third step of three
    means = [torch.cat([batch.images.mean((1, 2, 3)) for batch in built[0].trained_on()[i : i + 3]]) for i in (0, 3)]
    assert means[1].std() > 1.5 * means[0].std(), "jitter changes the brightness"


def test_a_phase_may_change_the_system(built: list[Tiny], market_drawn: Path, tmp_path: Path) -> None:
    """What still fits goes on; the head's input has another width and begins anew."""
    run(recipe_of(market_drawn, {}, {"model": {"dim": 6}, "frozen": ["backbone"]}), tmp_path / "run")
    first, second = built
    assert (first.config.dim, second.config.dim) == (None, 6)
    assert second.reduce.weight.shape == (6, 4)
    assert all(
        torch.equal(a, b) for a, b in zip(first.backbone.parameters(), second.backbone.parameters(), strict=True)
    )
    assert "new in phase p1: reduce.weight, reduce.bias, classifier.weight" in log_of(tmp_path / "run")
    assert json.loads((tmp_path / "run" / "last" / "config.json").read_text())["model"]["dim"] == 6


def test_fresh_parts_begin_anew(built: list[Tiny], market_drawn: Path, tmp_path: Path) -> None:
    tiny_step = {"optimizer": {"name": "sgd", "lr": 1e-9}}
    run(
        recipe_of(market_drawn, {"optimizer": ADAM | {"lr": 0.3}}, tiny_step | {"fresh": ["classifier"]}),
        tmp_path / "a",
    )
    first, second = built
    assert torch.allclose(first.reduce.weight, second.reduce.weight, atol=1e-6)
    assert (first.classifier.weight - second.classifier.weight).abs().max() > 0.1
    assert "new in phase p1: classifier.weight, classifier.bias\n" in log_of(tmp_path / "a")


def test_a_phase_may_have_data_of_its_own(
    built: list[Tiny], flat_world: type[FlatWorld], market_drawn: Path, tmp_path: Path
) -> None:
    """First on rendered persons, half of which are for training, then on the recipe's eight, which are tested on."""
    render(tmp_path / "flat", RenderConfig(persons=20, images_per_camera=2, cameras=2, size=(64, 32)))
    own = {"name": "rendered", "root": str(tmp_path / "flat"), "size": [32, 32]}
    made = run(recipe_of(market_drawn, {"data": own}, {}), tmp_path / "run")
    first, second = built
    assert (first.config.num_identities, second.config.num_identities) == (10, 8)
    assert {tuple(batch.images.shape[2:]) for batch in first.trained_on()} == {(32, 32)}
    assert {tuple(batch.images.shape[2:]) for batch in second.trained_on()} == {(64, 32)}
    assert "new in phase p1: classifier.weight, classifier.bias\n" in log_of(tmp_path / "run")
    assert made.evaluation is not None
    assert made.evaluation.report.dataset == "market1501"
    told = (tmp_path / "run" / "last" / "README.md").read_text()
    assert re.findall(r"Trained on (\d+) images of (\d+) persons of (\w+)", told) == [
        ("40", "10", "rendered"),
        (str(len(made.split.train)), "8", "market1501"),
    ]


@pytest.mark.parametrize("keep", [True, False])
def test_moments_go_over_to_the_next_phase_if_it_says_so(
    built: list[Tiny], market_drawn: Path, tmp_path: Path, keep: bool
) -> None:
    """Two phases of one epoch then are one of two, but for what each draws."""
    optimizer = ADAM | {"keep_state": keep}
    made = run(recipe_of(market_drawn, {"optimizer": ADAM}, {"optimizer": optimizer}), tmp_path / "run")
    (steps,) = {int(state["step"]) for state in made.moments.values()}
    assert steps == (6 if keep else 3)
    assert made.moments.keys() == {name for name, _ in built[0].named_parameters()}
    assert ("goes on with the moments of 8 parameters" in log_of(tmp_path / "run")) is keep


@pytest.mark.parametrize(
    "changes",
    [
        {"model": {"dim": 6}, "optimizer": ADAM | {"keep_state": True}, "objective": LEARNT},
        {"fresh": ["classifier"], "frozen": ["backbone"]},
    ],
    ids=["changed", "fresh"],
)
def test_a_run_resumed_at_or_in_such_a_phase_ends_alike(
    built: list[Tiny], market_drawn: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    first = {"optimizer": ADAM, "epochs": 2}
    second = first | {"augmentation": {"flip": 0.5, "jitter": 0.2}} | changes
    recipe = recipe_of(market_drawn, first, second)
    run(recipe, tmp_path / "straight")
    run(recipe, tmp_path / "stopped", stop_after=1)
    for draws in (3, 5):  # at the end of the first phase, then in the second
        torch.rand(draws)  # another process has drawn other numbers
        assert run(recipe, tmp_path / "stopped", resume=True, stop_after=1).evaluation is None
    assert run(recipe, tmp_path / "stopped", resume=True).evaluation is not None
    straight, stopped = weights(tmp_path / "straight"), weights(tmp_path / "stopped")
    assert stopped.keys() == straight.keys()
    assert [name for name, value in stopped.items() if not torch.equal(value, straight[name])] == []


def test_any_part_may_start_from_a_checkpoint(built: list[Tiny], market_drawn: Path, tmp_path: Path) -> None:
    """Once: a later phase, and a resumed run, go on from what was trained."""
    start = tmp_path / "start"
    start.mkdir()
    source = {"reduce.weight": torch.full((4, 4), 0.25), "reduce.bias": torch.full((4,), -0.5)}
    save_file(source, start / "model.safetensors")
    still = {"optimizer": {"name": "sgd", "lr": 1e-9}}
    run(recipe_of(market_drawn, still, init={"reduce": str(start)}), tmp_path / "still")
    torch.testing.assert_close(weights(tmp_path / "still")["reduce.weight"], source["reduce.weight"])
    torch.testing.assert_close(weights(tmp_path / "still")["reduce.bias"], source["reduce.bias"])
    moving = {"optimizer": ADAM | {"lr": 0.3}}
    run(
        recipe_of(market_drawn, moving, still | {"model": {"neck": "none"}}, init={"reduce": str(start)}),
        tmp_path / "a",
    )
    assert (weights(tmp_path / "a")["reduce.weight"] - 0.25).abs().mean() > 0.05


def test_the_test_set_is_evaluated_as_the_recipe_says(
    built: list[Tiny], market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def record(*args: Any, **options: Any) -> Evaluation:
        asked.update(options)
        return evaluate_split(*args, **options)

    monkeypatch.setattr("reseen.training.outcome.evaluate_split", record)
    settings = {"flip": False, "normalize": True, "batch_size": 7, "average_precision": "trapezoid", "reranking": True}
    data = {"name": "market1501", "root": str(market_drawn), "size": [64, 32], "max_corrupt": 2}
    made = run(recipe_of(market_drawn, {}, data=data, evaluation=settings), tmp_path / "run")
    assert made.evaluation is not None
    query, gallery, report = made.evaluation.query, made.evaluation.gallery, made.evaluation.report
    assert query is not None
    assert np.linalg.norm(query.features, axis=1) == pytest.approx(1, abs=1e-5)
    plain, trapezoid = (evaluate(query, gallery, average_precision=form).mAP for form in ("hits", "trapezoid"))
    assert report.ranking is not None
    assert report.ranking.mAP == trapezoid != plain
    assert report.reranked is not None
    evaluated = [len(batch.images) for training, batch in built[0].seen if not training]
    assert max(evaluated) == 7
    assert asked["max_corrupt"] == 2
    embedder = json.loads((tmp_path / "run" / "last" / "config.json").read_text())["embedder"]
    assert (embedder["flip"], embedder["normalize"], embedder["precision"]) == (False, True, "float32")


def test_persons_held_back_choose_and_are_not_trained_on(
    built: list[Tiny], market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked: list[tuple[set[int], float]] = []

    def record(*args: Any, **options: Any) -> Evaluation:
        made = evaluate_split(*args, **options)
        ranked.append(({image.pid for image in args[1].query}, made.report.primary))
        return made

    monkeypatch.setattr("reseen.training.outcome.evaluate_split", record)
    data = {"name": "market1501", "root": str(market_drawn), "size": [64, 32], "validation": {"share": 0.5, "seed": 1}}
    made = run(recipe_of(market_drawn, {"epochs": 2}, data=data, evaluation={"every": 1}), tmp_path / "run")
    whole = open_split("market1501", market_drawn)
    _, validation = hold_out(whole, 0.5, 1)
    held, tested = ({image.pid for image in split.query} for split in (validation, whole))
    assert (len(held), len(tested)) == (4, 8)
    assert {image.pid for image in made.images.cached.images} == {image.pid for image in whole.train} - held
    assert built[0].config.num_identities == 4
    assert [pids for pids, _ in ranked[:2]] == [held, tested], "the first epoch is chosen by those, the end is tested"
    header, first, _ = (line.split(",") for line in (tmp_path / "run" / "metrics.csv").read_text().splitlines())
    assert float(first[header.index("mAP")]) == pytest.approx(ranked[0][1], rel=1e-5)


def test_so_many_training_pictures_may_be_broken_as_the_recipe_says(
    built: list[Tiny], market_drawn: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(market_drawn, tmp_path / "market")
    min((root / "bounding_box_train").glob("*.jpg")).write_bytes(b"no picture")
    recipe = recipe_of(root, {})
    with pytest.raises(ReseenError, match="corrupt images: 1 or more, allowed: 0"):
        run(recipe, tmp_path / "run")
    patient = recipe.model_copy(update={"data": recipe.data.model_copy(update={"max_corrupt": 1})})
    with pytest.warns(ReseenWarning, match="skipped 1 of 48 images"):
        assert len(run(patient, tmp_path / "run").images) == 47


def test_the_best_so_far_and_the_time_spent_outlast_an_interruption(
    built: list[Tiny], market_drawn: Path, tmp_path: Path
) -> None:
    recipe, folder = recipe_of(market_drawn, {"epochs": 2}, evaluation={"every": 1}), tmp_path / "run"
    run(recipe, folder, stop_after=1)
    card = folder / "best-on-test" / "README.md"
    card.write_text("the best so far")
    state = TrainingState.load(folder / "state.ckpt")
    assert 0 < state.best <= 1
    replace(state, best=2.0, seconds=1000.0).save(folder / "state.ckpt")
    run(recipe, folder, resume=True)
    assert card.read_text() == "the best so far"
    assert 1000 <= json.loads((folder / "report.json").read_text())["training_seconds"] < 1100


def test_a_runs_seed_decides_what_it_draws(built: list[Tiny], market_drawn: Path, tmp_path: Path) -> None:
    """Also in the second phase, which shows its pictures in an order of its own."""
    for seed in (1, 2):
        run(recipe_of(market_drawn, {}, {}, seed=seed), tmp_path / str(seed))
    orders = [
        tuple(
            round(float(value), 5) for batch in model.trained_on()[i : i + 3] for value in batch.images.mean((1, 2, 3))
        )
        for model in built
        for i in (0, 3)
    ]
    assert len({tuple(sorted(order)) for order in orders}) == 1, "the same pictures"
    assert len(set(orders)) == 4


def test_learnt_loss_weights_are_learnt(built: list[Tiny], market_drawn: Path, tmp_path: Path) -> None:
    run(recipe_of(market_drawn, {"objective": LEARNT, "optimizer": ADAM | {"lr": 0.1}}), tmp_path / "run")
    header, row = (line.split(",") for line in (tmp_path / "run" / "metrics.csv").read_text().splitlines())
    # Three steps of Adam at 0.1 whose gradients point one way: s grows to 0.3, and the weight is exp(-s).
    assert float(row[header.index("weight/identity")]) == pytest.approx(math.exp(-0.3), rel=0.02)


def test_what_the_recipe_compares_by_counts_from_the_first_evaluation(
    built: list[Tiny], market_drawn: Path, tmp_path: Path
) -> None:
    distance = Sum(terms=(Euclidean(features=("global",), weight=0.5),))
    recipe = recipe_of(market_drawn, {}).model_copy(update={"distance": distance})
    recipe = recipe.model_copy(update={"evaluation": recipe.evaluation.model_copy(update={"every": 1})})
    run(recipe, tmp_path / "run")
    for name in ("last", "best-on-test"):
        assert checkpoint.load(tmp_path / "run" / name).distance == distance


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frozen": ("nope",)}, r"phases\.1\.frozen names 'nope', but the system has no such part"),
        ({"fresh": ("nope",)}, r"phases\.1\.fresh names 'nope'"),
        ({"optimizer": {"lr_of": {"nope": 0.1}}}, r"phases\.1\.optimizer\.lr_of names 'nope'"),
        ({"objective": {"terms": [{"kind": "identity", "heads": ["nope"]}]}}, r"names the head 'nope'"),
    ],
)
def test_parts_and_heads_of_later_phases_are_looked_for_before_the_first_is_trained(
    built: list[Tiny], market_drawn: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReseenError, match=message):
        run(recipe_of(market_drawn, {}, change), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_no_phase_has_cannot_be_started_from(built: list[Tiny], market_drawn: Path, tmp_path: Path) -> None:
    recipe = recipe_of(market_drawn, {}).model_copy(update={"init": {"bakbone": "hub"}})
    with pytest.raises(ReseenError, match="init names 'bakbone', but the system has no such part"):
        run(recipe, tmp_path / "run")
