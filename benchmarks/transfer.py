"""What a model knows of people it never saw: checkpoints beside the same network with ImageNet weights alone.

Each checkpoint is evaluated on VIPeR (mean of ten halves, both directions) and Market-1501 (all queries, whole gallery)
without having seen them; the ImageNet network at the first checkpoint's picture size, flip and normalisation.
"""

from __future__ import annotations

import json
import time
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
from reseen.evaluation import RankingReport, average_reports, evaluate
from reseen.evaluation.split import evaluate_split
from reseen.files import replacing
from reseen.models import build, config_of
from reseen.models.checkpoint import load
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.parts.backbones.backbone import load_weights
from reseen.progress import progress_of
from reseen.provenance import provenance

console = Console()


def main(
    checkpoints: Annotated[
        list[str] | None, typer.Argument(help="Checkpoint folders such as runs/NAME/last, or TITLE=FOLDER.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Folder with VIPeR and Market-1501.")] = Path("../shared/data"),
    weights: Annotated[Path, typer.Option(help="ImageNet weights (v1) of ResNet-50.")] = Path(
        "../shared/weights/resnet50_imagenet_v1.safetensors"
    ),
    size: Annotated[
        str, typer.Option(help="HEIGHTxWIDTH of the ImageNet network if there is no checkpoint.")
    ] = "128x48",
    imagenet: Annotated[bool, typer.Option(help="Also the network with ImageNet weights alone.")] = True,
    folds: Annotated[int, typer.Option(min=1, max=10, help="Halves of VIPeR.")] = 10,
    flip: Annotated[
        bool, typer.Option(help="Average with the mirror image's descriptor; takes twice as long.")
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Put the figures into this file; those of other titles stay."),
    ] = None,
) -> None:
    """Print mAP and rank-1 of each model on both data sets, and how often it gets Market-1501's attributes right."""
    titles = [text.rpartition("=") for text in checkpoints or []]
    models = {title or path: load(path) for title, _, path in titles}
    config = next(
        (model.config for model in models.values()),
        EmbedderConfig(size=TypeAdapter(Size).validate_python(size), normalize=True, precision="bfloat16"),
    )
    if imagenet:
        models = {"ImageNet weights alone": _imagenet(weights, config)} | models
    for model in models.values():
        model.config = model.config.model_copy(update={"flip": flip})
    table = Table("", "VIPeR mAP", "rank-1", "Market mAP", "rank-1", "attributes", "balanced", "guess")
    figures: dict[str, dict[str, float]] = {}
    attributes: dict[str, dict[str, dict[str, float]]] = {}
    made: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        started = time.monotonic()
        viper = average_reports(_viper(model, data, folds))
        report = evaluate_split(model, open_split("market1501", data), bars=partial(progress_of, console)).report
        market = report.ranking
        assert market is not None
        figures[name] = {
            f"{title} {figure}": ranking.figures()[figure]
            for title, ranking in (("VIPeR", viper), ("Market-1501", market))
            for figure in ("mAP", "rank1")
        }
        cells = [*figures[name].values()]
        if report.attributes:
            scored = report.attributes
            attributes[name] = {
                key: {
                    "accuracy": accuracy,
                    "balanced accuracy": scored.balanced[key],
                    "most frequent class": scored.guess[key],
                }
                for key, accuracy in scored.accuracy.items()
            }
            cells += [scored.mean, scored.mean_balanced, sum(scored.guess.values()) / len(scored.guess)]
        made[name] = provenance(seconds=time.monotonic() - started, device=str(model.device))
        table.add_row(name, *(f"{100 * figure:.2f}" for figure in cells))
    console.print(table)
    if json_file:
        content = {
            name: own
            | ({"Market-1501 attributes": attributes[name]} if name in attributes else {})
            | {"provenance": made[name]}
            for name, own in figures.items()
        }
        put(content, json_file)


def put(content: dict[str, Any], file: Path) -> None:
    """Writes what was measured into a file, which keeps what it has of models with other titles."""
    before = json.loads(file.read_text()) if file.is_file() else {}
    with replacing(file) as partial:
        partial.write_text(json.dumps(before | content, indent=1) + "\n")


def _imagenet(weights: Path, config: EmbedderConfig) -> Embedder:
    model = build(config_of({"system": "ide", "stride_in": "conv1", "last_stride": 1, "neck": "none"}))
    load_weights(model.backbone, weights)
    return Embedder(model.to(memory_format=torch.channels_last), config)


def _viper(model: Embedder, data: Path, folds: int) -> list[RankingReport]:
    """Ranks each half; every image is embedded once, as all halves share them."""
    splits = [open_split("viper", data, fold=fold) for fold in range(folds)]
    images = {image.name: image for image in (*splits[0].train, *splits[0].query, *splits[0].gallery)}
    row = {name: number for number, name in enumerate(images)}
    embeddings = model.embed(images.values(), cache=True)
    return [
        evaluate(
            *(embeddings[[row[image.name] for image in part]] for part in (split.query, split.gallery)), split.protocol
        )
        for split in splits
    ]


if __name__ == "__main__":
    run(lambda: typer.run(main))
