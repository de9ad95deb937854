"""The commands on a gallery that is kept."""

import typer

from reseen.cli.gallery import adding, deleting, finding

app = typer.Typer(no_args_is_help=True, help="Keep persons: add them, find them, delete them for good.")
app.command()(adding.add)
app.command()(finding.info)
app.command()(finding.search)
app.command()(deleting.delete)
app.command()(deleting.erase)
app.command()(deleting.retention)
app.command()(adding.reindex)
app.command()(finding.check)
