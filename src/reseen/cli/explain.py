"""`reseen explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.options import CheckpointArgument, DeviceOption, existing_picture, load
from reseen.console import out, say_written
from reseen.picture_files import figure_format

_ENDS = 5
"""Learnt weights that are told at each end."""


def _drawable(picture: Path) -> Path:
    figure_format(picture)
    return picture


def explain(
    checkpoint: CheckpointArgument,
    image: Annotated[Path, typer.Argument(help="Picture of a person.", callback=existing_picture)],
    picture: Annotated[Path, typer.Option("--out", help="Figure to write.", callback=_drawable)] = Path("explain.png"),
    device: DeviceOption = "auto",
) -> None:
    """Show where the model looked and which attributes it read.

    Example: [bold]reseen explain runs/aanet50-market1501-quick/last person.jpg --out explain.png[/]
    """
    from reseen.data.images.reference import image_of
    from reseen.explain.drawing.saving import save_figure
    from reseen.explain.explanation import explain as explain_image

    explanation = explain_image(load(checkpoint, device), image_of(image), title=image.name)
    wide = max((len(attribute) for attribute, *_ in explanation.predictions), default=0)
    for attribute, value, probability in explanation.predictions:
        out.print(f"{attribute:<{wide}} {value:<10} {probability:.0%}", highlight=False)
    if ordered := list(explanation.attribute_weights.items()):
        for end, some in {"highest": ordered[:_ENDS], "lowest": ordered[-_ENDS:]}.items():
            told = ", ".join(f"{name} {weight:.2f}" for name, weight in some)
            out.print(f"{end} weights of attributes: {told}", highlight=False, soft_wrap=True)
    save_figure(explanation.figure, picture)
    say_written(picture)
    if explanation.weights is not None:
        weights = picture.with_stem(f"{picture.stem}-weights")
        save_figure(explanation.weights, weights)
        say_written(weights)
