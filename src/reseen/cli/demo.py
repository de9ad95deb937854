"""`reseen demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from reseen.checkpoint_files import BOXED, boxed, check_checkpoint, unboxed
from reseen.cli.options import BOXED_MODEL, WeightsOption, existing, existing_recipe, readable_overrides
from reseen.console import out, say_written
from reseen.errors import ReseenError
from reseen.extras import need


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder or zip of Market-1501; else persons are rendered.", callback=existing)
    ] = None,
    folder: Annotated[
        Path,
        typer.Option(
            "--out",
            help="Where everything is written; replaced, but for a training that was stopped or is not needed.",
        ),
    ] = Path("demo-out"),
    recipe: Annotated[
        Path | None,
        typer.Option(help="What to train: demo, or with --data demo-market1501.", callback=existing_recipe),
    ] = None,
    weights: WeightsOption = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--model", help="Show this checkpoint, and train nothing."),
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as for train.", callback=readable_overrides)
    ] = None,
    serve: Annotated[
        bool | None, typer.Option("--serve/--no-serve", help="Serve the gallery in the end; by default on a terminal.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to serve it.")] = 8000,
) -> None:
    """Run the whole chain: render, train briefly or take a model, evaluate, search a gallery, explain, serve.

    Example: [bold]reseen demo[/], or with real images [bold]reseen demo --data DATA[/]
    """
    if weights and not (data or recipe):
        raise ReseenError("--weights goes with --data: without data the demo trains a small network from nothing")
    if checkpoint is not None:
        checkpoint = check_checkpoint(checkpoint, "--model")
        if recipe or weights:
            raise ReseenError("--model is shown as it is: leave out --recipe and --weights, or train without --model")
    elif boxed(BOXED[0]) and not (recipe or weights or overrides):
        checkpoint = unboxed(BOXED_MODEL)
    from reseen.training.arguments import check_weights
    from reseen.training.recipe_files import find_recipe

    recipe = find_recipe(recipe or Path("demo-market1501" if data else "demo"))
    check_weights(weights, recipe, data)
    serving = sys.stdout.isatty() if serve is None else serve
    need("gallery", *(() if checkpoint else ("train",)), *(() if data else ("render",)), *(("app",) if serving else ()))
    from reseen.demo import demo as run_demo
    from reseen.training.recipe import load_recipe

    pictures = run_demo(load_recipe(recipe, overrides), folder, out, data=data, weights=weights, checkpoint=checkpoint)
    if not pictures:
        raise typer.Exit(130)
    say_written(*pictures)
    if serving:
        from reseen.app import server
        from reseen.app.settings import Settings

        out.print(f"now search it yourself: http://127.0.0.1:{port} (stop with ctrl-c)", highlight=False)
        last = checkpoint or folder / "run" / "last"
        server.serve(Settings(gallery=folder / "gallery", checkpoint=last, port=port))
