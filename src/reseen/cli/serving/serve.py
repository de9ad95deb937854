"""`reseen serve`: the application, for people who search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.gallery.common import GalleryFolder
from reseen.cli.options import BOXED_MODEL, HAS_BOXED, DeviceOption, checkpoint_at
from reseen.console import out
from reseen.extras import need


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
        token_file=token_file,
        detector=detector,
    )
    shown = f"[{host}]" if ":" in host else host
    out.print(f"http://{shown}:{port} (stop with ctrl-c)", highlight=False)
    start(settings)
