"""A phase step by step: rates, clipping, what is frozen, what is written down, and where it ends."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers.logger import Logger
from rich.console import Console
from torch import Tensor

from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport
from reseen.training.loop.history import History
from reseen.training.loop.optimizer import build_optimizer
from reseen.training.loop.phase import Keeping, PhaseLoop
from reseen.training.loop.state import TrainingState
from reseen.training.loop.step import build_sampler
from reseen.training.loop.stop import GracefulStop
from reseen.training.loop.tally import Tally
from reseen.training.recipe import PhaseSection
from tests.training.small import Tiny, changed, copied, noise, phase_of, step_of, training_images

UNCERTAIN = {"terms": [{"kind": "identity"}, {"kind": "triplet"}], "weighting": "uncertainty"}
PAIRS = {"kind": "identities", "persons": 2, "images_per_person": 2}


class Scene:
    """A phase on eight pictures of two persons, four batches an epoch if nothing else is said, and all that it does."""

    def __init__(self, folder: Path, phase: PhaseSection | None = None, **options: Any) -> None:
        self.path, phase = folder / "state.ckpt", phase or phase_of()
        self.model = Tiny()
        step = step_of(training_images(noise(8), [1, 1, 1, 1, 2, 2, 2, 2]), phase, self.model)
        self.optimizer = build_optimizer(phase.optimizer, self.model, list(step.objective.parameters()))
        self.rates: list[list[float]] = []
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.after_step: Callable[[], None] = lambda: None
        self.optimizer.register_step_post_hook(self._note)
        self.keeping = Keeping(
            self.path,
            History(folder / "metrics.csv"),
            GracefulStop(),
            evaluate=options.pop("evaluate", None) or self._nothing,
            on_best=options.pop("on_best", None) or self._nothing,
            every=options.pop("every", 0),
            stop_after=options.pop("stop_after", None),
        )
        self.loop = PhaseLoop(
            Fabric(accelerator="cpu", devices=1),
            step,
            self.optimizer,
            build_sampler(phase, step.images.labels.tolist(), 0, 0, 1),
            phase,
            number=0,
            is_last=options.pop("is_last", True),
            keeping=self.keeping,
            logger=cast(Logger, SimpleNamespace(log_metrics=lambda values, step: self.logged.append((step, values)))),
            console=Console(file=io.StringIO()),
            title="tiny",
            **options,
        )

    def _note(self, *_: object) -> None:
        self.rates.append([group["lr"] for group in self.optimizer.param_groups])
        self.after_step()

    @staticmethod
    def _nothing(*_: object) -> Any:
        raise AssertionError("nobody asked for an evaluation")

    def rows(self) -> list[dict[str, float]]:
        return [{name: float(value) for name, value in row.items()} for row in self.keeping.history.rows]


def test_each_step_has_the_rate_of_its_moment(tmp_path: Path) -> None:
    """Two epochs of four batches, from 1 down to 1/100 evenly in the logarithm: a factor of 100^(-1/8) a step."""
    optimizer = {"name": "sgd", "lr": 0.1, "lr_of": {"backbone": 0.02}}
    phase = phase_of(epochs=2, optimizer=optimizer, schedule={"name": "exponential", "final": 0.01})
    scene = Scene(tmp_path, phase)
    assert scene.loop.run()
    factors = [100 ** (-step / 8) for step in range(8)]
    assert scene.rates == [pytest.approx([0.1 * factor, 0.02 * factor]) for factor in factors]
    assert [row["lr"] for row in scene.rows()] == pytest.approx([0.1 * factors[3], 0.1 * factors[7]], rel=1e-5)


def test_the_rate_moves_the_weights(tmp_path: Path) -> None:
    """A rate that is only written into the groups' ``lr`` of some other optimiser would move nothing."""

    def moved(schedule: dict[str, Any]) -> float:
        torch.manual_seed(0)
        scene = Scene(tmp_path, phase_of(schedule=schedule, sampler={"kind": "random", "batch_size": 8}))
        before = scene.model.classifier.weight.detach().clone()
        assert scene.loop.run()
        return float((scene.model.classifier.weight.detach() - before).norm())

    assert moved({"warmup": 1, "warmup_from": 0.25}) == pytest.approx(0.25 * moved({}), rel=1e-4)


def test_the_gradient_is_clipped_to_its_norm(tmp_path: Path) -> None:
    """One step of plain descent at rate 1 is as long as the gradient."""

    def length(clip: float | None) -> float:
        torch.manual_seed(0)
        optimizer = {"name": "sgd", "lr": 1.0, "momentum": 0, "weight_decay": 0}
        sampler = {"kind": "random", "batch_size": 8}
        scene = Scene(tmp_path, phase_of(optimizer=optimizer, sampler=sampler, gradient_clip=clip))
        before = [parameter.detach().clone() for parameter in scene.model.parameters()]
        assert scene.loop.run()
        steps = [new.detach() - old for new, old in zip(scene.model.parameters(), before, strict=True)]
        return math.sqrt(sum(float(step.square().sum()) for step in steps))

    whole = length(None)
    assert length(whole / 10) == pytest.approx(whole / 10, rel=1e-3)
    assert length(whole * 10) == pytest.approx(whole, rel=1e-6)


def test_a_frozen_part_keeps_weights_and_statistics(tmp_path: Path) -> None:
    phase = phase_of(epochs=2, frozen=["backbone"])
    scene = Scene(tmp_path, phase)
    scene.model.backbone.requires_grad_(False)
    before = copied(scene.model)
    assert scene.loop.run()
    assert changed(before, scene.model) == {"reduce.weight", "reduce.bias", "classifier.weight", "classifier.bias"}
    free = Scene(tmp_path)
    before = copied(free.model)
    assert free.loop.run()
    assert {"backbone.1.running_mean", "backbone.1.num_batches_tracked"} <= changed(before, free.model)


def test_an_epochs_figures_are_means_over_its_steps(tmp_path: Path) -> None:
    scene = Scene(tmp_path, phase_of(sampler=PAIRS, objective={"terms": [{"kind": "identity", "weight": 3}]}))
    losses: list[Tensor] = []
    forward = scene.loop.step.objective.forward
    scene.loop.step.objective.forward = lambda *args: losses.append(forward(*args)[0]) or forward(*args)  # type: ignore[func-returns-value, method-assign]
    assert scene.loop.run()
    (row,) = scene.rows()
    assert len(losses) == 2
    assert row["loss"] == pytest.approx(float(sum(losses).detach()) / 2, rel=1e-5)  # type: ignore[union-attr]
    assert row["identity"] == pytest.approx(row["loss"] / 3, rel=1e-5)
    assert row["images_per_second"] == pytest.approx(8 / row["seconds"], rel=1e-4)
    assert scene.keeping.seconds == pytest.approx(row["seconds"], rel=1e-4)


def test_learnt_weights_are_written_down_every_epoch(tmp_path: Path) -> None:
    """Gradient descent on exp(-s)·L + s/2 from s = 0: s = -rate·(1/2 - L) after a step, and the weight is exp(-s)."""
    optimizer = {"name": "sgd", "lr": 0.1, "momentum": 0, "weight_decay": 0}
    scene = Scene(tmp_path, phase_of(epochs=2, sampler=PAIRS, objective=UNCERTAIN, optimizer=optimizer))
    weights: list[dict[str, float]] = []
    scene.after_step = lambda: weights.append(scene.loop.step.objective.learnt_weights())
    assert scene.loop.run()
    first, last = scene.rows()
    for term in ("identity", "triplet"):
        assert first[f"weight/{term}"] == pytest.approx(weights[1][term], rel=1e-5)
        assert last[f"weight/{term}"] == pytest.approx(weights[3][term], rel=1e-5)
    one = Scene(tmp_path, phase_of(objective=UNCERTAIN, optimizer=optimizer, sampler=PAIRS | {"images_per_person": 4}))
    assert one.loop.run()
    (row,) = one.rows()
    for term in ("identity", "triplet"):
        assert row[f"weight/{term}"] == pytest.approx(math.exp(0.1 * (0.5 - row[term])), rel=1e-4)


def test_nothing_happens_after_a_stop(tmp_path: Path) -> None:
    scene = Scene(tmp_path, phase_of(epochs=3))

    def stop() -> None:
        scene.keeping.stop.requested = len(scene.rates) == 6

    scene.after_step = stop
    assert not scene.loop.run()
    assert len(scene.rates) == 6
    state = TrainingState.load(scene.path)
    assert (state.phase, state.epoch, state.batch) == (0, 1, 2)
    assert len(scene.rows()) == 1
    assert state.seconds == scene.keeping.seconds > scene.rows()[0]["seconds"]
    for name, value in scene.model.state_dict().items():
        assert torch.equal(state.model[name], value)


def test_what_dies_in_a_long_epoch_has_saved_most_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reseen.training.loop.phase._SAVED", 0.0)
    scene = Scene(tmp_path, phase_of(epochs=3))

    def die() -> None:
        if len(scene.rates) == 6:
            raise MemoryError

    scene.after_step = die
    with pytest.raises(MemoryError):
        scene.loop.run()
    state = TrainingState.load(scene.path)
    assert (state.phase, state.epoch, state.batch) == (0, 1, 1)
    assert state.seconds == scene.keeping.seconds > state.tally["seconds"] > 0, "of both epochs, and of the second"


@pytest.mark.parametrize(("epochs", "is_last", "ends"), [(2, True, False), (1, True, True), (1, False, False)])
def test_a_stop_in_the_last_step_of_an_epoch(tmp_path: Path, epochs: int, is_last: bool, ends: bool) -> None:
    """The epoch is whole: it is written down; a recipe that has none left is finished as if nobody had asked."""
    scene = Scene(tmp_path, phase_of(epochs=epochs), is_last=is_last)

    def stop() -> None:
        scene.keeping.stop.requested = len(scene.rates) == 4

    scene.after_step = stop
    assert scene.loop.run() is ends
    assert len(scene.rates) == 4
    assert len(scene.rows()) == 1
    state = TrainingState.load(scene.path)
    assert (state.epoch, state.batch) == (1, 0)


def test_enough_epochs_end_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, phase_of(epochs=3), stop_after=2)
    assert not scene.loop.run()
    assert len(scene.rates) == 2 * 4
    assert TrainingState.load(scene.path).epoch == 2
    assert Scene(tmp_path, phase_of(epochs=2), stop_after=2).loop.run()


@pytest.mark.parametrize("interrupted_at", [2, 4, 6])
def test_what_goes_on_ends_where_it_would_have_ended(tmp_path: Path, interrupted_at: int) -> None:
    """With moments, learnt weights and a rate that changes; in the middle of an epoch and at the end of one."""
    phase = phase_of(
        epochs=2,
        objective={"terms": [{"kind": "identity"}], "weighting": "uncertainty"},
        optimizer={"name": "adam", "lr": 0.05},
        schedule={"name": "cosine"},
        augmentation={"flip": 0.5, "jitter": 0.5},
    )
    torch.manual_seed(0)
    straight = Scene(tmp_path, phase)
    start = copied(straight.model)
    assert straight.loop.run()
    first = Scene(tmp_path, phase)
    first.model.load_state_dict(start)

    def stop() -> None:
        first.keeping.stop.requested = len(first.rates) == interrupted_at

    first.after_step = stop
    assert not first.loop.run()
    state = TrainingState.load(first.path)
    second = Scene(tmp_path, phase, epoch=state.epoch, batch=state.batch, tally=Tally(**state.tally))
    second.model.load_state_dict(state.model)
    second.loop.step.objective.load_state_dict(state.objective)
    second.optimizer.load_state_dict(state.optimizer)
    assert second.loop.run()
    assert len(second.rates) == 8 - interrupted_at
    assert changed(copied(straight.model), second.model) == set()
    assert second.loop.step.objective.learnt_weights() == straight.loop.step.objective.learnt_weights()
    for row, whole in zip(second.rows()[::-1], straight.rows()[::-1], strict=False):
        assert [row[name] for name in ("epoch", "loss", "identity", "lr")] == [
            whole[name] for name in ("epoch", "loss", "identity", "lr")
        ], "an epoch's figures are of all its steps"
        assert row["images_per_second"] * row["seconds"] == pytest.approx(8, rel=1e-4)


def report_of(figure: float) -> EvaluationReport:
    return cast(EvaluationReport, SimpleNamespace(primary=figure, figures=lambda: {"mAP": figure}))


def test_it_is_evaluated_every_so_many_epochs_and_the_best_is_kept(tmp_path: Path) -> None:
    """After epochs 1 to 4 of 5: the last one is evaluated by whoever ends the run."""
    figures, best = iter([0.5, 0.4, 0.5, 0.6]), list[float]()
    scene = Scene(
        tmp_path,
        phase_of(epochs=5),
        every=1,
        evaluate=lambda: report_of(next(figures)),
        on_best=lambda report: best.append(report.primary),
    )
    assert scene.loop.run()
    assert best == [0.5, 0.6]
    assert [row.get("mAP") for row in scene.rows()] == [0.5, 0.4, 0.5, 0.6, None]
    assert TrainingState.load(scene.path).best == scene.keeping.best == 0.6


def test_the_last_epoch_of_a_phase_before_others_is_evaluated(tmp_path: Path) -> None:
    evaluated: list[int] = []

    def evaluate() -> EvaluationReport:
        evaluated.append(len(scene.rates) // 4)
        scene.model.eval()  # whatever an evaluation leaves behind, the next epoch trains
        return report_of(0.5)

    scene = Scene(tmp_path, phase_of(epochs=4), every=2, is_last=False, evaluate=evaluate, on_best=lambda report: None)
    assert scene.loop.run()
    assert evaluated == [2, 4]
    assert len(scene.model.trained_on()) == 4 * 4


def test_every_epoch_shows_all_pictures_in_another_order(tmp_path: Path) -> None:
    scene = Scene(tmp_path, phase_of(epochs=2))
    assert scene.loop.run()
    shown = [batch.camids for batch in scene.model.trained_on()]  # a camera a picture
    first, second = (torch.cat([each for each in shown[i : i + 4] if each is not None]).tolist() for i in (0, 4))
    assert sorted(first) == sorted(second) == list(range(10, 18))
    assert first != second


@pytest.mark.parametrize(("seconds", "stops"), [(600.0, False), (0.0, False), (600.0, True)])
def test_a_loss_that_is_no_number_ends_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, stops: bool
) -> None:
    """The state before stays, also in a long epoch and when it is interrupted: nothing can be made of these weights."""
    monkeypatch.setattr("reseen.training.loop.phase._SAVED", seconds)
    scene = Scene(tmp_path)
    scene.keeping.stop.requested = stops
    torch.nn.init.constant_(scene.model.classifier.bias, torch.nan)
    with pytest.raises(ReseenError, match=r"the loss of epoch 1 is nan: lower phases\.0\.optimizer\.lr"):
        scene.loop.run()
    assert not scene.path.exists()


def test_losses_are_logged_every_tenth_step(tmp_path: Path) -> None:
    phase = phase_of(epochs=2, sampler={"kind": "random", "batch_size": 2})
    scene = Scene(tmp_path, phase)
    scene.loop.sampler.plan = lambda generator: iter([torch.tensor([0, 4]).numpy()] * 11)  # type: ignore[method-assign]
    assert scene.loop.run()
    steps = [(step, set(values)) for step, values in scene.logged if "loss/loss" in values]
    assert steps == [(10, {"loss/loss", "loss/identity"}), (21, {"loss/loss", "loss/identity"})]
    epochs = [(step, values["epoch/lr"]) for step, values in scene.logged if "epoch/lr" in values]
    assert epochs == [(1, 0.1), (2, 0.1)]
