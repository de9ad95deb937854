"""`reseen evaluate`."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reseen.checkpoint_files import check_scored, checkpoints_for
from reseen.cli.options import (
    BackendOption,
    BatchOption,
    CorruptOption,
    DeviceOption,
    LoaderOption,
    existing,
    load,
    loader_options_of,
)
from reseen.console import err, out, say_written, write
from reseen.errors import ReseenError


def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint folder, or a run over folds.", callback=check_scored)],
    data: Annotated[Path, typer.Option(help="Folder or zip of the data set.", callback=existing)],
    dataset: Annotated[str | None, typer.Option(help="Its key; recognised if left out.")] = None,
    options: LoaderOption = None,
    joints: Annotated[Path | None, typer.Option(help="File of its images' joints (.parquet).")] = None,
    folds: Annotated[int, typer.Option(min=1, help="Mean over this many folds: 10 on VIPeR.")] = 1,
    average_precision: Annotated[str, typer.Option(help="hits or trapezoid.")] = "hits",
    reranking: Annotated[bool, typer.Option("--reranking", help="Also after k-reciprocal re-ranking.")] = False,
    multiple_query: Annotated[bool, typer.Option("--multiple-query", help="Also with pooled queries.")] = False,
    features: Annotated[list[str] | None, typer.Option("--feature", help="Compare by this feature alone.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Write report.json, cmc.png and worst.png here.")] = None,
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
    backend: BackendOption = None,
) -> None:
    """Evaluate a checkpoint by the data set's full protocol.

    Example: [bold]reseen evaluate runs/aanet50-market1501-quick/last --data DATA --reranking[/]
    """
    if average_precision not in ("hits", "trapezoid"):
        raise ReseenError(f"--average-precision {average_precision}: it can be hits or trapezoid")
    loader_options = loader_options_of(options)
    if folds > 1 and "fold" in loader_options:
        raise ReseenError(f"--folds {folds} goes over the folds itself: leave out --option fold, or --folds")
    from reseen.data import open_split, recognise
    from reseen.data.annotations.joints_file import attach_joints_file
    from reseen.data.division import as_trained, check_folds

    name = dataset or recognise(data)
    checkpoints = checkpoints_for(checkpoint, folds, name)
    over_folds = [{"fold": fold} for fold in range(len(checkpoints))] if len(checkpoints) > 1 else [{}]
    options_of = [
        as_trained(own, name, loader_options | fold) for own, fold in zip(checkpoints, over_folds, strict=True)
    ]
    check_folds(name, options_of[0], len(checkpoints))
    splits = [open_split(name, data, **own) for own in options_of]
    if joints:
        splits = [attach_joints_file(split, joints) for split in splits]

    from reseen.evaluation import ReRanking
    from reseen.evaluation.split import OWN_FOLDS, average_folds, evaluate_split
    from reseen.progress import progress_of

    started = time.monotonic()
    embedders = {each: load(each, device, backend) for each in dict.fromkeys(checkpoints)}
    evaluations = [
        evaluate_split(
            embedders[own],
            split,
            batch_size=batch_size,
            average_precision="trapezoid" if average_precision == "trapezoid" else "hits",
            reranking=ReRanking() if reranking else None,
            with_multiple_query=multiple_query,
            features=features or (),
            max_corrupt=max_corrupt,
            bars=partial(progress_of, err),
        )
        for own, split in zip(checkpoints, splits, strict=True)
    ]
    note = OWN_FOLDS if len(embedders) > 1 else ""
    report = average_folds([evaluation.report for evaluation in evaluations], note)
    out.print(report.table())
    if folder:
        from reseen.explain.evaluation import draw_evaluation
        from reseen.provenance import provenance

        made = provenance(seconds=time.monotonic() - started, device=str(embedders[checkpoints[0]].device))
        write(folder / "report.json", json.dumps({**report.as_dict(), "provenance": made}, indent=2))
        first = evaluations[0]
        pictures = draw_evaluation(first.report, first.query, first.gallery, folder)
        say_written(folder / "report.json", *pictures)
