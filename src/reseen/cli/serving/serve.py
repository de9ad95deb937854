"""`reseen serve`: the application, for people who search."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.gallery.common import GalleryFolder
from reseen.cli.options import BOXED_MODEL, HAS_BOXED, DeviceOption, checkpoint_at
from reseen.console import out
from reseen.errors import ReseenError
from reseen.extras import need


def _host_name(given: str) -> str:
    if given and not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", given):
        raise ReseenError(f"--public-host {given}: give the name alone, such as people.example.org")
    return given.lower()


def serve(
    gallery: GalleryFolder,
    checkpoint: Annotated[
        Path,
        typer.Option(
            "--model", help="Checkpoint that made the gallery.", callback=checkpoint_at, show_default=HAS_BOXED
        ),
    ] = BOXED_MODEL,
    host: Annotated[
        str, typer.Option(help="Address to listen at; other machines need users or a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at.")] = 8000,
    public_host: Annotated[
        str,
        typer.Option(
            help="Name by which others call a proxy before it, such as people.example.org.", callback=_host_name
        ),
    ] = "",
    token_file: Annotated[Path | None, typer.Option(help="File with the token that lets callers in.")] = None,
    detector: Annotated[
        str,
        typer.Option(help="What finds people in scenes and videos, as for ingest: hog, or a network."),
    ] = "",
    device: DeviceOption = "auto",
) -> None:
    """Serve a gallery to people who search it, as pages and as an API.

    Example: [bold]reseen serve hall --model runs/NAME/last[/]
    """
    need("gallery", "app", *(("ingest",) if detector else ()))
    from reseen.app.server import serve as start
    from reseen.app.settings import Settings

    settings = Settings(
        gallery=gallery,
        checkpoint=checkpoint,
        device=device,
        host=host,
        port=port,
        public_host=public_host,
        token_file=token_file,
        detector=detector,
    )
    shown = f"[{host}]" if ":" in host else host
    out.print(f"http://{shown}:{port} (stop with ctrl-c)", highlight=False)
    start(settings)
