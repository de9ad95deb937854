"""The command line: one file a command or group of commands, each a thin call into one room below."""

from __future__ import annotations

import logging
import warnings
from typing import Annotated, TextIO

import typer
from rich.markup import escape

from reseen import __version__
from reseen.cli import cache, data, demo, embed, explain, export, gallery, ingest, pose, search
from reseen.cli.learning import calibrate, evaluate, reproduce, train, train_pose
from reseen.cli.serving import audit, serve, user
from reseen.console import err, out, run
from reseen.errors import ReseenWarning

# Commands import what they need when they run, after their arguments are checked: neither `--help` nor a typo in a
# path should wait seconds for torch.
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Person re-identification that explains itself.",
)
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(calibrate.calibrate)
app.command()(embed.embed)
app.command()(search.search)
app.command()(explain.explain)
app.command()(export.export)
app.command()(pose.pose)
app.command()(train_pose.train_pose)
app.command()(ingest.ingest)
app.command()(reproduce.reproduce)
app.command()(demo.demo)
app.command()(serve.serve)
app.add_typer(data.app, name="data")
app.add_typer(cache.app, name="cache")
app.add_typer(gallery.app, name="gallery")
app.add_typer(user.app, name="user")
app.add_typer(audit.app, name="audit")


def _say_version(asked: bool) -> None:
    if asked:
        out.print(f"reseen {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and stop.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    warnings.showwarning = _show_warning
    # Lightning's remarks about devices and accounts are not for our users.
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)


def main() -> None:
    """Runs the command line."""
    run(app)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Our own warnings are for the user; other packages' are for whoever debugs them."""
    if issubclass(category, ReseenWarning):
        err.print("[yellow]warning:[/]", escape(str(message)), highlight=False, soft_wrap=True)
