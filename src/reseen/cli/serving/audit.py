"""The commands on the application's audit trail: `reseen audit show` and `verify`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from reseen.cli.gallery.common import GalleryFolder
from reseen.cli.serving.user import opened
from reseen.console import out

app = typer.Typer(no_args_is_help=True, help="Who did what, and whether the record of it is whole.")


@app.command("show")
def show(gallery: GalleryFolder, last: Annotated[int, typer.Option(min=1, help="How many entries.")] = 20) -> None:
    """Show the last entries, newest last.

    Example: [bold]reseen audit show hall --last 50[/]
    """
    with opened(gallery) as state:
        for entry in reversed(state.audit.entries(size=last)):
            at = datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
            detail = " ".join(f"{name}={value}" for name, value in entry.detail.items())
            line = f"{entry.number}  {at}  {entry.who}  {entry.action}  {detail}"
            out.print(line, highlight=False, soft_wrap=True, markup=False)


@app.command("verify")
def verify(
    gallery: GalleryFolder,
    head: Annotated[str, typer.Option(help="A hash noted before: it has to be in the chain.")] = "",
) -> None:
    """Compute every hash anew: no entry can be changed or taken out without being noticed.

    An end that was cut off is noticed only by a hash that was noted elsewhere before: give it with --head.

    Example: [bold]reseen audit verify hall[/]
    """
    with opened(gallery) as state:
        problems = state.audit.problems(head)
        for problem in problems:
            out.print("[red]problem:[/] ", end="")
            out.print(problem, highlight=False, soft_wrap=True, markup=False)
        if problems:
            raise typer.Exit(1)
        number, last = state.audit.head()
        out.print(f"{number:,} entries, no problems; head {last}", highlight=False, soft_wrap=True)
