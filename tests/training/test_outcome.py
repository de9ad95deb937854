"""What is written of a model, and by whom an epoch is chosen and a model tested."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from reseen import models
from reseen.descriptors.distance import Euclidean
from reseen.errors import ReseenError
from reseen.evaluation.split import evaluate_split
from reseen.models.embedder import Embedder
from reseen.models.ide import IDEConfig
from reseen.training.images import open_data, open_validation
from reseen.training.outcome import Outcome
from reseen.training.recipe import recipe_from
from tests.training.small import Tiny, phase_of


def outcome_of(root: Path, folder: Path, **data: Any) -> Outcome:
    """Returns the outcome of a run that holds back half the persons, if ``data`` does not say otherwise."""
    content = {
        "name": "tiny",
        "data": {"name": "market1501", "root": str(root), "size": [64, 32], "validation": {"share": 0.5}} | data,
        "model": {"system": "ide", "backbone": "test_resnet"},
        "evaluation": {"flip": False},
        "phases": [phase_of().model_dump(mode="json", exclude_unset=True)],
    }
    recipe = recipe_from(content, "test")
    console = Console(file=io.StringIO())
    return Outcome(recipe, folder, open_data(recipe.data), open_validation(recipe.data), console)


def embedder_of(outcome: Outcome, seed: int = 0) -> Embedder:
    torch.manual_seed(seed)
    return outcome.embedder(Tiny(IDEConfig(backbone="test_resnet", num_identities=4)), Euclidean())


def test_an_epoch_is_chosen_by_the_persons_held_back_else_by_the_test_set(market_drawn: Path, tmp_path: Path) -> None:
    outcome = outcome_of(market_drawn, tmp_path)
    embedder = embedder_of(outcome)
    assert outcome.validation is not None
    own, test = (evaluate_split(embedder, split).report.primary for split in (outcome.validation, outcome.split))
    assert outcome.choose(embedder).primary == own != test
    assert outcome.best == "best"
    without = outcome_of(market_drawn, tmp_path, validation=None)
    assert without.choose(embedder).primary == test
    assert without.best == "best-on-test"


def test_a_better_epoch_before_the_last_is_tested_too(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "build", Tiny)
    outcome = outcome_of(market_drawn, tmp_path)
    last, best = embedder_of(outcome, 1), embedder_of(outcome, 2)
    outcome.save("best", best, None)
    evaluation, content = outcome.finish(last, best=2.0)
    assert evaluation.report.primary == content["mAP"] == evaluate_split(last, outcome.split).report.primary
    assert content["best"]["mAP"] == evaluate_split(best, outcome.split).report.primary != content["mAP"]
    assert outcome.validation is not None
    assert content["validation"]["mAP"] == evaluate_split(last, outcome.validation).report.primary
    assert f"{content['best']['mAP']:.2%}" in (tmp_path / "best" / "README.md").read_text()


def test_the_last_epoch_is_the_best_if_none_was_better(market_drawn: Path, tmp_path: Path) -> None:
    outcome = outcome_of(market_drawn, tmp_path)
    outcome.save("best", embedder_of(outcome, 2), None)
    outcome.finish(embedder_of(outcome, 1), best=0.0)
    last, best = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("last", "best"))
    assert last == best


def test_a_model_is_saved_before_it_is_tested(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise ReseenError("out of memory")

    monkeypatch.setattr("reseen.training.outcome.evaluate_split", fail)
    outcome = outcome_of(market_drawn, tmp_path)
    with pytest.raises(ReseenError, match="out of memory"):
        outcome.finish(embedder_of(outcome), best=-1.0)
    assert "Not evaluated yet." in (tmp_path / "last" / "README.md").read_text()
