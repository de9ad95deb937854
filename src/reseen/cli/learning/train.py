"""`reseen train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.options import AcceleratorOption, WeightsOption, existing, existing_recipe, readable_overrides
from reseen.console import err, out, say_written
from reseen.extras import need


def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe file, or the name of one of ours.", callback=existing_recipe)],
    data: Annotated[Path | None, typer.Option(help="Folder or zip of the data set.", callback=existing)] = None,
    weights: WeightsOption = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Run folder; runs/NAME by default.")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value, such as phases.0.epochs=2", callback=readable_overrides),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop, resumable, after this epoch.")] = None,
    folds: Annotated[int, typer.Option(min=1, help="Train on each of so many folds: 10 on VIPeR.")] = 1,
    accelerator: AcceleratorOption = "auto",
    devices: Annotated[int, typer.Option(min=1, help="How many devices (DDP).")] = 1,
) -> None:
    """Train a recipe: run folder with checkpoint, figures, curves and model card.

    Example: [bold]reseen train aanet50-market1501-quick --data DATA[/]
    """
    from reseen.training.arguments import check_weights

    check_weights(weights, recipe, data)
    need("train")
    from reseen.training.fit import Run
    from reseen.training.folds import train_folds
    from reseen.training.recipe import Recipe, load_recipe
    from reseen.training.recipe.locate import resolve

    resolved = resolve(load_recipe(recipe, overrides), data=data, weights=weights)
    folder = folder or Path("runs") / resolved.name

    def start(recipe: Recipe, folder: Path, resume: bool) -> Run:
        return Run(recipe, folder, resume, stop_after, accelerator, devices, err)

    if folds > 1:
        report = train_folds(resolved, folder, folds, start, resume=resume)
    else:
        report = start(resolved, folder, resume).train()
    if report is None:
        raise typer.Exit(130)
    out.print(report.table())
    say_written(*([folder] if folds > 1 else [folder / "last"]), folder / "report.json")
