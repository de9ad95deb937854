"""The commands on data sets: `reseen data check` and `reseen data render`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from reseen.cli.options import JsonOption, LoaderOption, existing, loader_options_of
from reseen.console import err, out, say_written, write
from reseen.extras import need

app = typer.Typer(no_args_is_help=True, help="Look at data sets, or render one.")


@app.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="Folder or zip of a data set.", callback=existing)],
    json_file: JsonOption = None,
    options: LoaderOption = None,
) -> None:
    """Recognise a data set, count what is in it and name every problem.

    Example: [bold]reseen data check data/Market-1501-v15.09.15[/]
    """
    from reseen.data.checks.check import check as check_data
    from reseen.progress import progress_of

    chosen = loader_options_of(options)
    with progress_of(err, "reading images") as progress:
        report = check_data(folder, progress=progress, **chosen)
    out.print(report.table())
    for note in report.notes:
        out.print("note:", escape(note), highlight=False, soft_wrap=True)
    for problem in report.problems:
        out.print("[red]problem:[/]", escape(str(problem)), highlight=False, soft_wrap=True)
    if report.ok:
        out.print("no problems")
    if json_file:
        write(json_file, report.to_json())
    if not report.ok:
        raise typer.Exit(1)


@app.command("render")
def render(
    folder: Annotated[Path, typer.Argument(help="New or empty folder, or one where rendering has stopped.")],
    persons: Annotated[int, typer.Option(help="Training and test together.")] = 200,
    images_per_camera: Annotated[int, typer.Option(help="Images of a person in each camera.")] = 4,
    cameras: Annotated[int, typer.Option(help="Cameras in the world.")] = 6,
    cameras_per_person: Annotated[int, typer.Option(help="How many of them see one person.")] = 6,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 0,
    size: Annotated[str, typer.Option(help="Height x width in pixels.")] = "128x64",
    test_share: Annotated[float, typer.Option(help="Share of the persons in the test part; 0: none.")] = 0.5,
    quality: Annotated[int, typer.Option(help="Of the JPEG files.")] = 95,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each core by default.")] = None,
) -> None:
    """Render pedestrians with every label, in Market-1501's layout; called again, it goes on where it stopped.

    Example: [bold]reseen data render pedestrians --persons 200 --images-per-camera 4 --size 128x64[/]
    """
    need("render")
    from reseen.data.sets.rendered import make_config
    from reseen.progress import progress_of
    from reseen.world import preparation
    from reseen.world import render as render_persons

    config = make_config(
        {
            "persons": persons,
            "images_per_camera": images_per_camera,
            "cameras": cameras,
            "cameras_per_person": cameras_per_person,
            "seed": seed,
            "size": size,
            "test_share": test_share,
            "quality": quality,
        }
    )
    if first := preparation():
        err.print(first, highlight=False)
    started = time.monotonic()
    try:
        with progress_of(err, "rendering pedestrians") as progress:
            made = render_persons(folder, config, workers=workers, progress=progress)
    except KeyboardInterrupt:
        err.print("stopped; the same command goes on", highlight=False)
        raise typer.Exit(130) from None
    seconds = time.monotonic() - started
    rate = f" in {seconds:,.0f} s: {made / seconds:.1f} images/s" if made else ": everything was there"
    out.print(f"rendered {made:,} images{rate}", highlight=False)
    say_written(folder)
