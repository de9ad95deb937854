"""`reseen export`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reseen.checkpoint_files import check_new_graph, engine_of
from reseen.cli.options import LoaderOption, checkpoint_at, existing, loader_options_of
from reseen.console import err, out, say_written
from reseen.errors import ReseenError
from reseen.extras import need


def export(
    checkpoint: Annotated[
        Path, typer.Argument(help="Checkpoint folder, such as runs/NAME/last.", callback=checkpoint_at)
    ],
    to: Annotated[str, typer.Option(help="onnx (ONNX Runtime) or openvino.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    int8: Annotated[bool, typer.Option("--int8", help="8-bit integers; needs --calibrate.")] = False,
    calibrate: Annotated[
        Path | None,
        typer.Option(help="Data set that 8-bit ranges, and their cost, are measured on.", callback=existing),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Its key; recognised if left out.")] = None,
    options: LoaderOption = None,
    images: Annotated[int, typer.Option(min=1, help="The cost is measured on about so many images.")] = 2000,
) -> None:
    """Write a checkpoint as one graph that needs no code of the system: descriptor, attributes, any batch size.

    Example: [bold]reseen export runs/NAME/last --to openvino --int8 --calibrate DATA --out exported/[/]
    """
    engine = engine_of(to)
    if int8 != (calibrate is not None):
        raise ReseenError("--int8 and --calibrate DATA go together: give both, or neither for 32-bit floats")
    loader_options = loader_options_of(options)
    check_new_graph(folder)
    need("export")
    from reseen.data import open_split, recognise
    from reseen.data.division import as_trained

    split = None
    if calibrate is not None:
        name = dataset or recognise(calibrate)
        split = open_split(name, calibrate, **as_trained(checkpoint, name, loader_options))

    from reseen.export import export as export_to
    from reseen.progress import progress_of

    found = export_to(checkpoint, folder, engine, calibrate=split, images=images, bars=partial(progress_of, err))
    out.print(f"beside PyTorch in 32 bits, {found.parity.words()}", highlight=False, soft_wrap=True)
    if found.as_run:
        out.print(found.as_run.words(), highlight=False, soft_wrap=True)
    if found.metric:
        out.print(found.loss(), highlight=False, soft_wrap=True)
    say_written(folder)
