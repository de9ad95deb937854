"""The command line: each command is a thin call into one room."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reseen.errors import ReseenError, ReseenWarning

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Person re-identification that explains itself.",
)
data_app = typer.Typer(no_args_is_help=True, help="Look at data sets.")
app.add_typer(data_app, name="data")

out = Console()
err = Console(stderr=True)

DataOption = Annotated[Path | None, typer.Option("--data", help="Folder or zip of the data set.")]
DeviceOption = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1, mps, or auto.")]
CorruptOption = Annotated[int, typer.Option("--max-corrupt", min=0, help="Undecodable images that may be skipped.")]
CheckpointArgument = Annotated[Path, typer.Argument(help="Checkpoint folder, such as runs/NAME/last.")]


def main() -> None:
    """Runs the command line; mistakes of the user end in one line and exit code 2."""
    warnings.showwarning = _show_warning
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    try:
        app()
    except ReseenError as error:
        err.print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True, markup=True)
        sys.exit(2)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: object = None, line: str | None = None
) -> None:
    """Our own warnings are for the user; other packages' are for whoever debugs."""
    if issubclass(category, ReseenWarning):
        err.print(f"[yellow]warning:[/] {message}", highlight=False, soft_wrap=True)
