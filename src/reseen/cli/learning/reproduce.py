"""`reseen reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reseen.cli.options import AcceleratorOption, existing, readable_overrides
from reseen.console import err, note, out, say_written
from reseen.extras import need


def reproduce(
    only: Annotated[
        list[str] | None, typer.Option(help="Recipes alone whose name fits, such as 'aanet50-*'; may be repeated.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run what is missing, worth most first.")] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Run for so long; what is under way then can be gone on with.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder that has the data sets.", callback=existing)] = None,
    weights: Annotated[
        Path | None, typer.Option(help="ImageNet weights of ResNet-50, for all that start from it.", callback=existing)
    ] = None,
    accelerator: AcceleratorOption = "auto",
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="key=value: how all are computed, such as compile=true.", callback=readable_overrides
        ),
    ] = None,
) -> None:
    """Show which rows of the papers' tables have been run, and run those that are missing.

    Runs lie in [bold]runs[/] and results in [bold]results[/], both in the working folder.

    Example: [bold]reseen reproduce --only 'aanet50-*' --minutes 60 --data DATA[/]
    """
    from reseen.training.reproduce import rows
    from reseen.training.reproduce.queue import chosen, due, jobs_of

    every = jobs_of(rows.ROWS)
    wanted = chosen(every, only or [])
    need("train")
    from reseen.training.reproduce.overview import overview

    wide = out if out.is_terminal else Console(file=out.file, width=120)  # in a pipe, too, names stay whole
    if not run and minutes is None:
        wide.print(overview(wanted))
        return
    from reseen.training.reproduce.running import Reproduction

    running = Reproduction(data, weights, accelerator, minutes, tuple(overrides or ()), err)
    finished = running.run(due(wanted, every))
    wide.print(overview(wanted))
    for name, reason in running.refused.items():
        note(f"left out {name}: {reason}")
    say_written(*running.written)
    if finished:
        return
    if not running.is_over:
        raise typer.Exit(130)
    stopped = f" in {running.waiting}" if running.waiting else ""
    note(f"the {minutes:g} minutes were over{stopped}; the same command goes on there")
