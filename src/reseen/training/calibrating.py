"""Giving a checkpoint what its distances mean: ``calibration.json``, its picture, and what its card says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reseen.checkpoint_files import CARD, RELIABILITY, check_own, held_back, trained_on
from reseen.data import open_split, true_key
from reseen.data.division import as_trained
from reseen.data.person import Split
from reseen.data.validation import hold_out
from reseen.errors import ReseenError
from reseen.evaluation.calibration import Fitted, fit_calibration
from reseen.evaluation.split import Evaluation, evaluate_split
from reseen.explain.drawing.reliability import reliability_figure
from reseen.explain.drawing.saving import save_figure
from reseen.files import replacing
from reseen.models import checkpoint
from reseen.models.embedder import Embedder
from reseen.progress import Bars, silent
from reseen.training.card import calibration_section, with_section
from reseen.training.recipe import DataSection


def calibrate(
    folder: Path,
    embedder: Embedder,
    dataset: str,
    root: Path,
    options: dict[str, Any] | None = None,
    *,
    batch_size: int = 128,
    max_corrupt: int = 0,
    bars: Bars = silent,
) -> Fitted:
    """Fits what a checkpoint's distances mean, and writes it into its folder.

    The pairs are those of the training persons that its recipe held back, if the data set is the one it was trained on;
    else those of the data set's queries and gallery.

    Args:
        folder: The checkpoint.
        embedder: The model loaded from it.
        dataset: Key of a data set; rendered persons are known as such also by the key of Market-1501.
        root: Its folder or zip.
        options: Of its loader; those of the training by default.
        batch_size: Images a forward pass.
        max_corrupt: Undecodable images that may be left out of queries and gallery each.
        bars: Shows how far each stretch of the work has come.

    Raises:
        ReseenError: If the checkpoint came with the package, the data set has no persons to calibrate on or too few, or
            the options divide it in another way than the training did.
    """
    split, source = pairs_of(check_own(folder), dataset, root, options or {})
    if not split.query:
        raise ReseenError(f"{split.name} has no queries, so no pairs to calibrate on; name another data set")
    found = evaluate_split(embedder, split, batch_size=batch_size, max_corrupt=max_corrupt, bars=bars)
    return attach(folder, fit(found, source))


def fit(found: Evaluation, source: str) -> Fitted:
    """Fits to the descriptors of an evaluation.

    Raises:
        ReseenError: If there are no queries, or too few persons.
    """
    if found.query is None:
        raise ReseenError("there are no queries, so no pairs to calibrate on")
    return fit_calibration(found.query, found.gallery, source=source)


def pairs_of(folder: Path, dataset: str, root: Path, options: dict[str, Any]) -> tuple[Split, str]:
    """Returns queries and gallery to calibrate a checkpoint on, and whose pictures these are, in words."""
    dataset, held = true_key(dataset, root), held_back(folder)
    if held and held["name"] == dataset:
        split = open_split(dataset, root, **as_trained(folder, dataset, held["options"] | options))
        return hold_out(split, held["share"], held["seed"])[1], held_back_words(split.name)
    split = open_split(dataset, root, **as_trained(folder, dataset, options))
    if dataset in trained_on(folder):
        return split, (
            f"test persons of {split.name}, as none were held back in training: for this test set itself the "
            "probabilities are too good"
        )
    return split, f"test persons of {split.name}, a data set the model was not trained on"


def held_back_words(name: str) -> str:
    """Says whose pictures a training with validation calibrates on."""
    return f"training persons of {name} that were held back"


def held_back_by(data: DataSection) -> dict[str, Any]:
    """Returns what a checkpoint notes of the persons its recipe holds back."""
    if data.validation is None:
        return {}
    return {"name": data.name, "options": data.options, **data.validation.model_dump(mode="json")}


def attach(folder: Path, fitted: Fitted) -> Fitted:
    """Writes calibration, picture and card into a checkpoint's folder, and returns the first."""
    save_figure(reliability_figure(fitted.reliability), folder / RELIABILITY)
    card = folder / CARD
    text = card.read_text() if card.is_file() else ""
    with replacing(card) as partial:
        partial.write_text(with_section(text, calibration_section(fitted, RELIABILITY)))
    checkpoint.save_calibration(folder, fitted.calibration)
    return fitted
