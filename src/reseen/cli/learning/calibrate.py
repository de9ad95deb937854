"""`reseen calibrate`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reseen.checkpoint_files import CALIBRATION, CARD, RELIABILITY, check_own
from reseen.cli.options import (
    BatchOption,
    CheckpointArgument,
    CorruptOption,
    DeviceOption,
    LoaderOption,
    existing,
    load,
    loader_options_of,
)
from reseen.console import err, out, say_written


def calibrate(
    checkpoint: CheckpointArgument,
    data: Annotated[Path, typer.Argument(help="Folder or zip of a data set.", callback=existing)],
    dataset: Annotated[str | None, typer.Option(help="Its key; recognised if left out.")] = None,
    options: LoaderOption = None,
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Fit how probable a distance makes it that two pictures show the same person, and write it into a checkpoint.

    Fitted to the training persons that the recipe held back, else to the queries and gallery of the data set.

    Example: [bold]reseen calibrate runs/NAME/last DATA[/]
    """
    checkpoint, loader_options = check_own(checkpoint), loader_options_of(options)
    from reseen.data import recognise

    name = dataset or recognise(data)

    from reseen.progress import progress_of
    from reseen.training.calibrating import calibrate as fit_into
    from reseen.training.card import evidence_words

    embedder = load(checkpoint, device)
    fitted = fit_into(
        checkpoint,
        embedder,
        name,
        data,
        loader_options,
        batch_size=batch_size,
        max_corrupt=max_corrupt,
        bars=partial(progress_of, err),
    )
    found = fitted.calibration
    out.print(
        f"{found.method}, fitted to {found.pairs:,} pairs of {found.persons:,} persons ({found.source}); "
        f"expected calibration error at even odds {found.error:.1%}",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )
    out.print(evidence_words(found), highlight=False, soft_wrap=True)
    say_written(*(checkpoint / file for file in (CALIBRATION, RELIABILITY, CARD)))
