"""What comes of a training: checkpoints with their cards, evaluated and calibrated, and the figures of the report."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import nn

from reseen.data.person import Split
from reseen.descriptors.distance import Distance
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation import EvaluationReport, ReRanking
from reseen.evaluation.split import Evaluation, evaluate_split
from reseen.models import checkpoint
from reseen.models.cost import cost_of
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.progress import progress_of
from reseen.training.calibrating import attach, fit, held_back_by, held_back_words
from reseen.training.card import model_card
from reseen.training.recipe import Recipe


@dataclass
class Outcome:
    """Judges and writes the models of a run.

    Args:
        recipe: How they are trained.
        folder: The run's.
        split: What they are tested on.
        validation: The persons held back, or None.
        console: Where progress is shown.

    Attributes:
        trained: What the model has been trained on so far, each data set once.
    """

    recipe: Recipe
    folder: Path
    split: Split
    validation: Split | None
    console: Console
    trained: tuple[Split, ...] = ()

    @property
    def best(self) -> str:
        """Name of the best epoch's folder: it says so if the test set was looked at to find it."""
        return "best" if self.recipe.data.validation else "best-on-test"

    def embedder(self, system: nn.Module, distance: Distance) -> Embedder:
        """Returns a system as it is now, ready to embed."""
        settings = self.recipe.evaluation
        config = EmbedderConfig(
            size=self.recipe.data.size,
            flip=settings.flip,
            normalize=settings.normalize,
            precision="float32" if self.recipe.precision == "32-true" else "bfloat16",
        )
        return Embedder(system, config, distance)

    def choose(self, embedder: Embedder) -> EvaluationReport:
        """Returns the figures that an epoch is chosen by: of the persons held back, else of the test set."""
        return self._evaluate(embedder, self.validation or self.split).report

    def save(self, name: str, embedder: Embedder, report: EvaluationReport | None) -> None:
        """Writes a checkpoint with its card; without a report, the card says that it was not evaluated yet."""
        checkpoint.save(
            self.folder / name,
            embedder.model,
            embedder.config,
            card=model_card(self.recipe, self.split, embedder, report, self.trained),
            distance=embedder.distance,
            trained_on=self.recipe.trained_on,
            divisions=self.recipe.divisions,
            held_back=held_back_by(self.recipe.data),
        )

    def finish(self, embedder: Embedder, best: float) -> tuple[Evaluation, dict[str, Any]]:
        """Tests and writes the model at the end of a training, and the best epoch's.

        It is saved first, so that nothing of the training is lost if the evaluation fails.

        Args:
            embedder: The model.
            best: Figure of the best epoch so far.

        Returns:
            The evaluation on the test set, and all that a report says of it.
        """
        self.save("last", embedder, None)
        evaluation = self._evaluate(embedder, self.split)
        self.save("last", embedder, evaluation.report)
        content = evaluation.report.as_dict()
        weights: dict[str, float] = getattr(embedder.model, "attribute_weights", dict)()
        if weights:
            content["attribute_weights"] = dict(sorted(weights.items(), key=lambda item: -item[1]))
        chosen = evaluation.report
        if self.validation is not None:
            chosen = self._calibrate("last", embedder, self.validation)
            content["validation"] = chosen.as_dict()
        if chosen.primary >= best or not (self.folder / self.best).exists():
            shutil.rmtree(self.folder / self.best, ignore_errors=True)
            shutil.copytree(self.folder / "last", self.folder / self.best)
        elif self.validation is not None:
            content["best"] = self._test_best(embedder.device, self.validation).as_dict()
        config: Any = embedder.model.config
        content["cost"] = cost_of(config, embedder.config.size).as_dict()
        return evaluation, content

    def _evaluate(self, embedder: Embedder, split: Split) -> Evaluation:
        settings = self.recipe.evaluation
        with torch.compiler.set_stance("force_eager"):  # batches of all sizes, too few to compile for
            return evaluate_split(
                embedder,
                split,
                batch_size=settings.batch_size,
                average_precision=settings.average_precision,
                reranking=ReRanking() if settings.reranking else None,
                max_corrupt=self.recipe.data.max_corrupt,
                bars=partial(progress_of, self.console),
            )

    def _test_best(self, device: torch.device, validation: Split) -> EvaluationReport:
        """Tests the epoch that did best in validation, and writes its figures into its card."""
        embedder = checkpoint.load(self.folder / self.best, device=device)
        report = self._evaluate(embedder, self.split).report
        self.save(self.best, embedder, report)
        self._calibrate(self.best, embedder, validation)
        return report

    def _calibrate(self, name: str, embedder: Embedder, validation: Split) -> EvaluationReport:
        """Writes into a checkpoint what its distances mean for persons held back, and returns its figures for them."""
        evaluation = self._evaluate(embedder, validation)
        if evaluation.query is not None:
            try:
                attach(self.folder / name, fit(evaluation, held_back_words(self.split.name)))
            except ReseenError as error:  # there are too few
                warnings.warn(f"{self.folder / name} is not calibrated: {error}", ReseenWarning, stacklevel=2)
        return evaluation.report
