"""`reseen train`: from a recipe to a run folder with checkpoint, figures, curves and model card."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lightning.fabric import Fabric, seed_everything
from lightning.fabric.loggers.tensorboard import TensorBoardLogger
from lightning.fabric.utilities.exceptions import MisconfigurationException
from rich.console import Console
from torch import nn

from reseen.checkpoint_files import HISTORY, RECIPE, REPORT, STATE
from reseen.data.attributes import AttributeSchema
from reseen.data.images.cache import cached_images
from reseen.data.images.preparation import NO_SIZES, largest
from reseen.data.person import Split
from reseen.descriptors.distance import Distance, Euclidean
from reseen.errors import ReseenError, one_line
from reseen.evaluation import EvaluationReport, Kissme
from reseen.evaluation.split import Evaluation
from reseen.explain.drawing.curves import training_figure
from reseen.explain.drawing.saving import save_figure
from reseen.files import replacing
from reseen.losses.objective import Objective
from reseen.losses.term import Training
from reseen.models.embedder import Embedder
from reseen.models.initial import part_of
from reseen.precision import precision_on, tune
from reseen.progress import progress_of
from reseen.provenance import commit, provenance, restart_peak_memory
from reseen.training.beforehand import final_distance, fixed_output, taught
from reseen.training.images import TrainingImages, open_data, open_validation
from reseen.training.loop.history import History
from reseen.training.loop.optimizer import build_optimizer, keep_state, state_by_name
from reseen.training.loop.phase import Keeping, PhaseLoop
from reseen.training.loop.state import TrainingState
from reseen.training.loop.step import Step, build_sampler, number_of
from reseen.training.loop.stop import GracefulStop
from reseen.training.loop.tally import Tally
from reseen.training.outcome import Outcome
from reseen.training.recipe import DataSection, Recipe, check_unchanged, check_unseen, content_of, dump_recipe
from reseen.training.recipe.locate import placeless
from reseen.training.rendering import render_missing
from reseen.training.system import begin_classifiers, build_system, check_phases

log = logging.getLogger("reseen")

_CURVES = "tensorboard"
"""Folder in a run's."""


@dataclass
class Run:
    """One training run in its folder.

    Args:
        recipe: What to do; its data root and weights are resolved.
        folder: The run folder.
        resume: Go on from the folder's saved state; anew, if the run ended before there was one.
        stop_after: Stop, resumable, once this many epochs of the current phase are done.
        accelerator: Lightning's name of the device kind.
        devices: How many of them (DDP for more than one).
        console: Where progress is shown.
        deadline: Stop, resumable, after the step in which this moment of `time.monotonic` comes.

    Attributes:
        evaluation: The final evaluation with its descriptors, once there is one.
    """

    recipe: Recipe
    folder: Path
    resume: bool = False
    stop_after: int | None = None
    accelerator: str = "auto"
    devices: int = 1
    console: Console = field(default_factory=lambda: Console(stderr=True))
    deadline: float = math.inf
    evaluation: Evaluation | None = field(default=None, init=False)

    def train(self) -> EvaluationReport | None:
        """Trains, evaluates and writes everything.

        Returns:
            The final report, or None if the run was stopped before its end and waits to be resumed.

        Raises:
            ReseenError: If data, weights or recipe do not fit, or the folder holds another run.
        """
        commit()  # of the code that is loaded now, whatever lies there when the training is over
        state = TrainingState.of_run(self.folder) if self.resume else None
        self._check_folder(state)
        check_unseen(self.recipe)
        self.fabric = self._fabric()
        render_missing(self.recipe, self.console, load=state is None)
        restart_peak_memory()
        seed_everything(self.recipe.seed, workers=True, verbose=False)
        first = 0 if state is None else state.phase
        self.split = open_data(self.recipe.data)
        if not self.split.gallery:
            raise _no_images("gallery (test)", self.recipe.data)
        self.splits = self._splits()
        validation = open_validation(self.recipe.data)
        self.outcome = Outcome(self.recipe, self.folder, self.split, validation, self.console)
        check_phases(self.recipe, self.split)
        self.model: nn.Module | None = None
        self.frozen: list[nn.Parameter] = []
        self.moments: dict[str, dict[str, Any]] = {}
        stated = self.recipe.distance
        self.distance: Distance = Euclidean() if stated is None or isinstance(stated, Kissme) else stated
        keeping = self._keeping(state)
        for index in range(first, len(self.recipe.phases)):
            loop = self._phase(index, keeping, state)
            state = None
            if not loop.run():
                self._draw_curves()
                self.console.print(
                    f"stopped; go on with: reseen train {self.folder}/recipe.yaml --out {self.folder} --resume",
                    highlight=False,
                    soft_wrap=True,
                )
                return None
            self.moments = state_by_name(loop.optimizer, self.system)
        if not self.recipe.phases:
            self.model = build_system(self.recipe, 0, self.split, None, load=True).to(self.fabric.device)
            self._open_folder()
        return self._finish(keeping)

    @property
    def system(self) -> nn.Module:
        """The system as it is now."""
        assert self.model is not None
        return self.model

    def embedder(self) -> Embedder:
        """Returns the system as it is now, ready to embed."""
        return self.outcome.embedder(self.system, self.distance)

    def _check_folder(self, state: TrainingState | None) -> None:
        """Nothing is written before data, weights and device have proved right; see `_open_folder`."""
        if _rank():
            return
        if state is not None:
            check_unchanged(self.recipe, self.folder / RECIPE)
        elif self.resume:
            shutil.rmtree(self.folder / _CURVES, ignore_errors=True)  # of steps that do not count
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise ReseenError(f"{self.folder} is not empty: go on with --resume, or choose another --out")

    def _open_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if _rank() == 0:
            (self.folder / RECIPE).write_text(dump_recipe(self.recipe))
        handler = logging.FileHandler(self.folder / "log.txt")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.handlers = [handler]
        log.setLevel(logging.INFO)

    def _fabric(self) -> Fabric:
        precision = precision_on(self.accelerator, self.recipe.precision)
        try:
            fabric = Fabric(
                accelerator=self.accelerator,
                strategy=_strategy(self.devices),
                devices=self.devices,
                precision=precision,
            )
            fabric.launch()
            tune(fabric.device)
        except (MisconfigurationException, ValueError) as error:
            raise ReseenError(
                f"--accelerator {self.accelerator}, --devices {self.devices}: {one_line(error)}; try --accelerator auto"
            ) from error
        return fabric

    def _keeping(self, state: TrainingState | None) -> Keeping:
        before = None if state is None else (state.phase, state.epoch + 1)
        return Keeping(
            self.folder / STATE,
            History(self.folder / HISTORY, before),
            GracefulStop(self.deadline),
            evaluate=lambda: self.outcome.choose(self.embedder()),
            on_best=lambda report: self.outcome.save(self.outcome.best, self.embedder(), report),
            every=self.recipe.evaluation.every,
            stop_after=self.stop_after,
            best=-1.0 if state is None else state.best,
            seconds=0.0 if state is None else state.seconds,
        )

    def _phase(self, index: int, keeping: Keeping, state: TrainingState | None) -> PhaseLoop:
        """Returns what trains a phase, from the system's weights and state to the first batch."""
        recipe, fabric = self.recipe, self.fabric
        phase, data = recipe.phases[index], recipe.data_of(index)
        split = self.splits[index]
        self.outcome.trained = tuple({id(each): each for each in self.splits[: index + 1]}.values())
        if not split.train:
            raise _no_images("training", data)
        for parameter in self.frozen:
            parameter.requires_grad_(True)  # what the phase before froze is free again
        self.model = build_system(recipe, index, split, self.model, load=state is None)
        if state is not None:
            self.model.load_state_dict(state.model)
        # Weights that do not fit have been noticed by now, before any image is decoded.
        self.images = self._images(data, split)
        self.model.to(fabric.device)  # before its optimiser, which works in another way on a GPU
        training = Training(self.images.schema, self.images.attributes)
        objective = Objective(phase.objective, training).to(fabric.device)
        begin_classifiers(self.model, phase.objective, training)
        parts = [part_of(self.model, name, "frozen") for name in phase.frozen]
        self.frozen = [each for part in parts for each in part.parameters() if each.requires_grad]
        for parameter in self.frozen:
            parameter.requires_grad_(False)
        seed = number_of(recipe.seed, index)
        size = phase.size or data.size
        step = Step(self.model, objective, self.images, phase, size=size, seed=seed, rank=fabric.global_rank)
        bars = partial(progress_of, self.console)
        self.images.given = fixed_output(self.model, self.images, size, fabric, bars)
        self.images.taught = taught(recipe, phase, self.images, fabric.device, bars)
        labels = self.images.labels.tolist()
        sampler = build_sampler(phase, labels, seed, fabric.global_rank, fabric.world_size)
        optimizer = build_optimizer(phase.optimizer, self.model, list(objective.parameters()))
        if phase.optimizer.keep_state:
            kept = keep_state(optimizer, self.model, self.moments)
            log.info("phase %s goes on with the moments of %d parameters", phase.name, len(kept))
        if state is not None:
            objective.load_state_dict(state.objective)
            optimizer.load_state_dict(state.optimizer)
        self._open_folder()
        epoch = state.epoch if state else 0
        log.info("phase %d (%s), from epoch %d to %d, code of %s", index, phase.name, epoch, phase.epochs, commit())
        held = self.images.reside_on(fabric.device, pixels=data.on_device)
        if data.on_device and not held and fabric.device.type == "cuda":
            log.info("the training images do not fit beside the network: those of each batch are sent to the GPU")
        if recipe.compile:
            part_of(self.model, "backbone", "compile").compile(dynamic=False)
        return PhaseLoop(
            fabric,
            step,
            optimizer,
            sampler,
            phase,
            index,
            index + 1 == len(recipe.phases),
            keeping,
            TensorBoardLogger(self.folder, name=_CURVES, version=f"{index}-{phase.name}"),
            self.console,
            recipe.name,
            epoch=epoch,
            batch=state.batch if state else 0,
            tally=Tally(**state.tally) if state else Tally(),
        )

    def _splits(self) -> list[Split]:
        """Returns the training set of each phase; those that differ in no more than the pictures' size are one."""
        opened: dict[str, Split] = {self.recipe.data.model_dump_json(exclude={"size"}): self.split}
        found = []
        for index in range(len(self.recipe.phases)):
            data = self.recipe.data_of(index)
            key = data.model_dump_json(exclude={"size"})
            if key not in opened:
                opened[key] = open_data(data)
            found.append(opened[key])
        return found

    def _images(self, data: DataSection, split: Split) -> TrainingImages:
        with progress_of(self.console, "decoding training images") as report:
            size = largest(data.size, getattr(self.system, "extra_sizes", NO_SIZES))
            cached = cached_images(split.train, size, max_corrupt=data.max_corrupt, progress=report)
        schema = getattr(self.system.config, "attributes", None)
        return TrainingImages(cached, split, schema if isinstance(schema, AttributeSchema) else None)

    def _draw_curves(self) -> None:
        if _rank() == 0 and (self.folder / HISTORY).exists():
            save_figure(training_figure(self.folder / HISTORY), self.folder / "curves.png")

    def _finish(self, keeping: Keeping) -> EvaluationReport:
        if _rank():
            sys.exit()  # under DDP the first process does the rest alone
        self._draw_curves()
        self.distance = final_distance(self.recipe, self.embedder(), self.split, partial(progress_of, self.console))
        self.evaluation, figures = self.outcome.finish(self.embedder(), keeping.best)
        seconds = round(keeping.seconds, 1)
        content = {
            "recipe": self.recipe.name,
            "training_seconds": seconds,
            **figures,
            "speed": keeping.history.speed(),
            "provenance": provenance(seconds=seconds, device=str(self.fabric.device), seed=self.recipe.seed),
            "as_run": content_of(placeless(self.recipe)),
        }
        with replacing(self.folder / REPORT) as file:
            file.write_text(json.dumps(content, indent=2) + "\n")
        report = self.evaluation.report
        log.info("done after %.0f s of training: %s", keeping.seconds, report.figures())
        return report


def _no_images(what: str, data: DataSection) -> ReseenError:
    return ReseenError(f"{data.root} has no {what} images of {data.name}; give the folder that has")


def _strategy(devices: int) -> str:
    """Returns Lightning's name of how devices share the work.

    A phase need not train all there is: ACRN's triplets leave its identity classifier alone.
    """
    return "auto" if devices == 1 else "ddp_find_unused_parameters_true"


def _rank() -> int:
    """Number of this process on its machine; Lightning sets it before anything else is set up."""
    return int(os.environ.get("LOCAL_RANK", "0"))
