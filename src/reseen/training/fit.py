"""`reseen train`: from a recipe to a run folder with checkpoint, figures, curves and model card."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import warnings
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer, seed_everything
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console
from torch import nn

from reseen import models
from reseen.data.images.cache import cached_images
from reseen.errors import ReseenError, one_line
from reseen.evaluation import EvaluationReport, ReRanking
from reseen.evaluation.split import Evaluation, evaluate_split
from reseen.explain.curves import training_figure
from reseen.explain.saving import save_figure
from reseen.models import checkpoint
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.parts.backbone import load_hub_weights, load_weights
from reseen.models.precision import runs_bfloat16
from reseen.progress import progress_of
from reseen.training.callbacks import GracefulStop, Keeper, TrainingProgress
from reseen.training.card import model_card
from reseen.training.history import History
from reseen.training.images import TrainingImages, open_data
from reseen.training.module import PhaseModule, step_seed
from reseen.training.recipe import Recipe, check_unchanged, dump_recipe
from reseen.training.state import TrainingState

log = logging.getLogger("reseen")
STATE = "state.ckpt"


@dataclass
class Run:
    """One training run in its folder.

    Args:
        recipe: What to do; its data root and weights are resolved.
        folder: The run folder.
        resume: Go on from the folder's saved state.
        stop_after: Stop, resumable, once this many epochs of the current phase are done.
        accelerator: Lightning's name of the device kind.
        devices: How many of them (DDP for more than one).
        console: Where progress is shown.

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
    evaluation: Evaluation | None = field(default=None, init=False)

    def train(self) -> EvaluationReport | None:
        """Trains, evaluates and writes everything.

        Returns:
            The final report, or None if the run was stopped before its end and waits to be resumed.

        Raises:
            ReseenError: If data, weights or recipe do not fit, or the folder holds another run.
        """
        state = TrainingState.load(self.folder / STATE) if self.resume else None
        self._check_folder()
        seed_everything(self.recipe.seed, workers=True, verbose=False)
        data = self.recipe.data
        self.split = open_data(data)
        for part, images in (("training", self.split.train), ("gallery (test)", self.split.gallery)):
            if not images:
                raise ReseenError(f"{data.root} has no {part} images of {data.name}; give the folder that has")
        with progress_of(self.console, "decoding training images") as report:
            cached = cached_images(self.split.train, data.size, max_corrupt=data.max_corrupt, progress=report)
        self.images = TrainingImages(cached, self.split.schema)
        self.model = self._build_model(load_backbone=state is None)
        self.trained = {name for name, parameter in self.model.named_parameters() if parameter.requires_grad}
        if state is not None:
            self.model.load_state_dict(state.model)
        best, seconds = (-1.0, 0.0) if state is None else (state.best, state.seconds)
        stop = GracefulStop()
        first = 0 if state is None else state.phase
        for index in range(first, len(self.recipe.phases)):
            keeper = self._run_phase(index, state, stop, best, seconds)
            best, seconds, state = keeper.best, keeper.seconds, None
            if keeper.interrupted:
                self._draw_curves()
                self.console.print(
                    f"stopped; go on with: reseen train {self.folder}/recipe.yaml --out {self.folder} --resume",
                    highlight=False,
                    soft_wrap=True,
                )
                return None
        return self._finish(best, seconds)

    def _check_folder(self) -> None:
        """Nothing is written before data, weights and device have proved right; see `_open_folder`."""
        if _rank():
            return
        if self.resume:
            check_unchanged(self.recipe, self.folder / "recipe.yaml")
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise ReseenError(f"{self.folder} is not empty: go on with --resume, or choose another --out")

    def _open_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if _rank() == 0:
            (self.folder / "recipe.yaml").write_text(dump_recipe(self.recipe))
        handler = logging.FileHandler(self.folder / "log.txt")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.handlers = [handler]
        log.setLevel(logging.INFO)

    def _build_model(self, *, load_backbone: bool) -> nn.Module:
        """Fills in what follows from the data: how many identities, which attributes."""
        content = dict(self.recipe.model)
        fields = type(models.config_of(content)).model_fields
        for key in ("num_identities", "attributes"):
            if key in content:
                raise ReseenError(f"model.{key} follows from the data; take it out of the recipe")
        content["num_identities"] = len(self.images.label_of)
        if "attributes" in fields:
            if self.split.schema is None:
                raise ReseenError(
                    f"{content['system']} learns attributes, but {self.recipe.data.root} has none for "
                    f"{self.recipe.data.name}; put the annotation file beside the images"
                )
            attention = self.recipe.data.attention
            content["attributes"] = (
                self.split.schema if attention is None else self.split.schema.with_attention(attention)
            )
        model = models.build(models.config_of(content))
        weights = self.recipe.weights
        if weights and load_backbone:
            backbone = getattr(model, "backbone", None)
            if backbone is None:
                raise ReseenError(f"{content['system']} has no backbone to load weights into; set weights: null")
            if weights == "hub":
                load_hub_weights(backbone)
            else:
                load_weights(backbone, weights)
        return model.to(memory_format=torch.channels_last)

    def _run_phase(
        self, index: int, state: TrainingState | None, stop: GracefulStop, best: float, seconds: float
    ) -> Keeper:
        phase = self.recipe.phases[index]
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(name in self.trained)  # what the phase before froze is free again
        epoch, batch = (0, 0) if state is None else (state.epoch, state.batch)
        module = PhaseModule(
            self.model,
            self.images,
            phase,
            size=phase.size or self.recipe.data.size,
            seed=step_seed(self.recipe.seed, index),
            first_epoch=epoch,
            first_batch=batch,
        )
        if state is not None:
            module.weighting.load_state_dict(state.weighting)
            module.resumed_optimizer = state.optimizer
        keeper = Keeper(
            self.folder / STATE,
            phase_index=index,
            is_last=index + 1 == len(self.recipe.phases),
            history=History(self.folder / "metrics.csv", (index, epoch + 1) if self.resume or index else None),
            stop=stop,
            evaluate=lambda: self._evaluate().report,
            every=self.recipe.evaluation.every,
            on_best=lambda report: self._save("best", report),
            stop_after=self.stop_after,
            best=best,
            seconds=seconds,
        )
        with warnings.catch_warnings():
            # Workers would only copy row numbers: pixels are gathered from memory in the training step.
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*isinstance.treespec.*")
            trainer = self._trainer(index, phase.epochs - epoch, [stop, keeper])
            self._open_folder()
            log.info("phase %d (%s), epochs %d to %d", index, phase.name, epoch + 1, phase.epochs)
            if self.recipe.data.on_device and trainer.strategy.root_device.type == "cuda":
                self.images.reside_on(trainer.strategy.root_device)
            if epoch < phase.epochs:
                trainer.fit(module)
        return keeper

    def _trainer(self, index: int, epochs: int, callbacks: list[Callback]) -> Trainer:
        phase = self.recipe.phases[index]
        try:
            return Trainer(
                max_epochs=epochs,
                accelerator=self.accelerator,
                devices=self.devices,
                precision=self._precision(),
                gradient_clip_val=phase.gradient_clip,
                logger=TensorBoardLogger(self.folder, name="tensorboard", version=f"{index}-{phase.name}"),
                callbacks=[*callbacks, TrainingProgress(self.console, self.recipe.name)],
                use_distributed_sampler=False,  # ours know about ranks
                reload_dataloaders_every_n_epochs=1,  # an epoch's number of P×K batches varies
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                num_sanity_val_steps=0,
                log_every_n_steps=1,
            )
        except (MisconfigurationException, ValueError) as error:
            raise ReseenError(
                f"--accelerator {self.accelerator}, --devices {self.devices}: {one_line(error)}; try --accelerator auto"
            ) from error

    def _precision(self) -> Literal["32-true", "bf16-mixed"]:
        if self.recipe.precision != "auto":
            return self.recipe.precision
        on_gpu = torch.cuda.is_available() and self.accelerator in ("auto", "gpu", "cuda")
        return "bf16-mixed" if runs_bfloat16(torch.device("cuda" if on_gpu else "cpu")) else "32-true"

    def embedder(self) -> Embedder:
        """Returns the system as it is now, ready to embed."""
        settings = self.recipe.evaluation
        config = EmbedderConfig(
            size=self.recipe.data.size,
            flip=settings.flip,
            normalize=settings.normalize,
            precision="float32" if self.recipe.precision == "32-true" else "bfloat16",
        )
        return Embedder(self.model, config)

    def _evaluate(self) -> Evaluation:
        settings = self.recipe.evaluation
        return evaluate_split(
            self.embedder(),
            self.split,
            batch_size=settings.batch_size,
            average_precision=settings.average_precision,
            reranking=ReRanking() if settings.reranking else None,
            max_corrupt=self.recipe.data.max_corrupt,
            bars=partial(progress_of, self.console),
        )

    def _save(self, name: str, report: EvaluationReport | None) -> None:
        embedder = self.embedder()
        card = model_card(self.recipe, self.split, embedder, report, len(self.images))
        checkpoint.save(self.folder / name, self.model, embedder.config, card=card)

    def _draw_curves(self) -> None:
        if _rank() == 0 and (self.folder / "metrics.csv").exists():
            save_figure(training_figure(self.folder / "metrics.csv"), self.folder / "curves.png")

    def _finish(self, best: float, seconds: float) -> EvaluationReport:
        """Saves first, so that nothing of the training is lost if the evaluation fails."""
        if _rank():
            sys.exit()  # under DDP the first process does the rest alone
        self._draw_curves()
        self._save("last", None)
        if torch.cuda.is_available() and self.accelerator != "cpu":
            self.model.cuda()
        self.evaluation = self._evaluate()
        report = self.evaluation.report
        self._save("last", report)
        if report.primary >= best or not (self.folder / "best").exists():
            shutil.rmtree(self.folder / "best", ignore_errors=True)
            shutil.copytree(self.folder / "last", self.folder / "best")
        content = {"recipe": self.recipe.name, "training_seconds": round(seconds, 1), **json.loads(report.to_json())}
        (self.folder / "report.json").write_text(json.dumps(content, indent=2) + "\n")
        log.info("done after %.0f s of training: %s", seconds, report.figures())
        return report


def _rank() -> int:
    """Number of this process on its machine; Lightning sets it before anything else is set up."""
    return int(os.environ.get("LOCAL_RANK", "0"))
