"""What a model knows of people it never saw: checkpoints beside the same network with ImageNet weights alone.

Each checkpoint is evaluated on VIPeR (mean of ten halves, both directions) and Market-1501 (all queries, whole gallery)
without having seen them; the ImageNet network at the first checkpoint's picture size and normalisation.

    python benchmarks/transfer.py runs/NAME/last --data DATA --sets viper
    python benchmarks/transfer.py runs/NAME/last --data DATA --json results/transfer.json
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from reseen.console import run
from reseen.data import open_split
from reseen.data.images.size import Size
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport, evaluate
from reseen.evaluation.split import average_folds, evaluate_split
from reseen.files import replacing
from reseen.models import build, config_of
from reseen.models.checkpoint import load
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.parts.backbones.backbone import load_weights
from reseen.progress import progress_of
from reseen.provenance import provenance
from reseen.training.recipe.starts import called

SETS = {"viper": "VIPeR", "market1501": "Market-1501"}
FIGURES = ("mAP", "rank1")
console = Console()


def main(
    checkpoints: Annotated[
        list[str] | None, typer.Argument(help="Checkpoint folders such as runs/NAME/last, or TITLE=FOLDER.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Folder with VIPeR and Market-1501.")] = Path("../shared/data"),
    sets: Annotated[
        list[str] | None, typer.Option(help=f"{' or '.join(SETS)}; all by default. Decide by one, report on the other.")
    ] = None,
    imagenet: Annotated[
        Path | None,
        typer.Option(help="ImageNet weights (v1) of ResNet-50: also the network with these alone."),
    ] = None,
    size: Annotated[
        str, typer.Option(help="HEIGHTxWIDTH of the ImageNet network if there is no checkpoint.")
    ] = "128x48",
    folds: Annotated[int, typer.Option(min=1, max=10, help="Halves of VIPeR.")] = 10,
    flip: Annotated[
        bool, typer.Option(help="Average with the mirror image's descriptor; takes twice as long.")
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Put the figures into this file; those of other titles stay."),
    ] = None,
) -> None:
    """Print mAP and rank-1 of each model on each data set, and how often it gets Market-1501's attributes right."""
    if unknown := set(sets or ()) - set(SETS):
        raise ReseenError(f"--sets {min(unknown)}: it can be {' or '.join(SETS)}")
    if sets and json_file:
        raise ReseenError("--json keeps figures on all data sets: leave out --sets")
    if not checkpoints and imagenet is None:
        raise ReseenError("name checkpoints such as runs/NAME/last, or weights with --imagenet FILE")
    wanted = {name: title for name, title in SETS.items() if name in (sets or SETS)}
    models = dict(_loaded(text) for text in checkpoints or [])
    if imagenet:
        first = EmbedderConfig(size=TypeAdapter(Size).validate_python(size), normalize=True, precision="bfloat16")
        config = next((model.config for model in models.values()), first)
        models = {titled("ImageNet weights alone", config): _imagenet(imagenet, config)} | models
    table = Table("", *(f"{title} {figure}" for title in wanted.values() for figure in FIGURES))
    scores = Table("", "attributes", "balanced", "guess")
    content: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        started, digest = time.monotonic(), model.digest
        model.config = model.config.model_copy(update={"flip": flip})
        reports = {title: _report(model, key, data, folds) for key, title in wanted.items()}
        figures = {
            f"{title} {figure}": report.figures()[figure] for title, report in reports.items() for figure in FIGURES
        }
        content[name] = {
            **figures,
            "model": digest,
            "views": 2 if flip else 1,
            "reports": {title: report.as_dict() for title, report in reports.items()},
            "provenance": provenance(seconds=time.monotonic() - started, device=str(model.device)),
        }
        table.add_row(name, *_percent(figures.values()))
        for scored in (report.attributes for report in reports.values()):
            if scored is not None:
                guess = statistics.fmean(scored.guess.values())
                scores.add_row(name, *_percent((scored.mean, scored.mean_balanced, guess)))
    console.print(table)
    if scores.row_count:
        console.print(scores)
    if json_file:
        put(content, json_file)


def titled(name: str, config: EmbedderConfig) -> str:
    """Returns the title of a model's figures, by which `models.py` finds those of a recipe."""
    return f"{name}, {config.size[0]}x{config.size[1]}"


def put(content: dict[str, Any], file: Path) -> None:
    """Writes what was measured into a file, which keeps what it has of models with other titles."""
    before = json.loads(file.read_text()) if file.is_file() else {}
    with replacing(file) as partial:
        partial.write_text(json.dumps(before | content, indent=1) + "\n")


def _loaded(text: str) -> tuple[str, Embedder]:
    """Returns a checkpoint's title, by default its run's name and the size of its pictures, and the model."""
    title, _, path = text.rpartition("=")
    model = load(path)
    return title or titled(called(path).partition("/")[0], model.config), model


def _imagenet(weights: Path, config: EmbedderConfig) -> Embedder:
    model = build(config_of({"system": "ide", "stride_in": "conv1", "last_stride": 1, "neck": "none"}))
    load_weights(model.backbone, weights)
    return Embedder(model.to(memory_format=torch.channels_last), config)


def _report(model: Embedder, name: str, data: Path, folds: int) -> EvaluationReport:
    """Returns a model's figures on a data set, of VIPeR the mean over its halves."""
    if name != "viper":
        return evaluate_split(model, open_split(name, data), bars=partial(progress_of, console)).report
    splits = [open_split(name, data, fold=fold) for fold in range(folds)]
    images = {image.name: image for image in (*splits[0].train, *splits[0].query, *splits[0].gallery)}
    row = {name: number for number, name in enumerate(images)}
    embeddings = model.embed(images.values(), cache=True)  # once, as all halves share them
    reports = []
    for split in splits:
        query, gallery = (embeddings[[row[each.name] for each in part]] for part in (split.query, split.gallery))
        counts = {"queries": len(query), "gallery images": len(gallery)}
        ranking = evaluate(query, gallery, split.protocol)
        reports.append(EvaluationReport(name, ranking, protocol=split.protocol, notes=split.notes, counts=counts))
    return average_folds(reports)


def _percent(fractions: Iterable[float]) -> list[str]:
    return [f"{100 * fraction:.2f}" for fraction in fractions]


if __name__ == "__main__":
    run(lambda: typer.run(main))
