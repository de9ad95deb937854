"""The commands on the user's cache: `reseen cache show` and `reseen cache clear`."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer
from rich.table import Table

from reseen.console import out
from reseen.errors import ReseenError

app = typer.Typer(no_args_is_help=True, help="Decoded data sets and rendered persons that are kept for next time.")

_UNITS = {"h": 3600, "d": 86_400, "w": 7 * 86_400}


@app.command("show")
def show() -> None:
    """List what is kept, how large it is, and when it was last used."""
    from reseen.data.images.cache import cache_directory
    from reseen.data.images.keeping import kept

    found = kept(cache_directory())
    table = Table(title=str(cache_directory()), caption=f"{_megabytes(sum(each.size for each in found))} in all")
    for name in ("kind", "name", "size", "days since use"):
        table.add_column(name, justify="left" if name in ("kind", "name") else "right")
    for each in found:
        days = (time.time() - each.used) / 86_400
        table.add_row(each.kind, each.name, _megabytes(each.size), f"{days:.1f}")
    out.print(table)


@app.command("clear")
def clear(
    older_than: Annotated[str, typer.Option(help="Only what was not used for so long: 12h, 7d, 2w.")] = "0h",
) -> None:
    """Delete what is kept; it is made again when it is needed.

    Example: [bold]reseen cache clear --older-than 7d[/]
    """
    from reseen.data.images import keeping
    from reseen.data.images.cache import cache_directory

    match = re.fullmatch(r"(\d+)([hdw])", older_than)
    if match is None:
        raise ReseenError(f"--older-than {older_than}: write a number and h, d or w, such as 7d")
    gone = keeping.clear(cache_directory(), older_than=int(match[1]) * _UNITS[match[2]])
    out.print(f"deleted {len(gone)} of what was kept, {_megabytes(sum(each.size for each in gone))}", highlight=False)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
