"""The command line: each command is a thin call into one room."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from rich.markup import escape

from reseen.cli_cache import cache_app
from reseen.cli_data import data_app
from reseen.console import err, out, say_written, write
from reseen.errors import ReseenError, ReseenWarning

if TYPE_CHECKING:
    from reseen.descriptors.embeddings import Embeddings
    from reseen.models.embedder import Embedder

# Commands import what they need when they run: `--help` should not wait seconds for torch.
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Person re-identification that explains itself.",
)
app.add_typer(data_app, name="data")
app.add_typer(cache_app, name="cache")

CheckpointArgument = Annotated[Path, typer.Argument(help="Checkpoint folder, such as runs/NAME/last.")]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps; auto takes what is there.")]
CorruptOption = Annotated[int, typer.Option(min=0, help="Undecodable images that may be skipped.")]
BatchOption = Annotated[int, typer.Option(min=1, help="Images a forward pass.")]


@app.callback()
def _start() -> None:
    warnings.showwarning = _show_warning
    # Lightning's remarks about devices and accounts are not for our users.
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe file, or the name of one of ours.")],
    data: Annotated[Path | None, typer.Option(help="Folder or zip of the data set.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Backbone's weights: a file or a checkpoint.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Run folder; runs/NAME by default.")] = None,
    overrides: Annotated[list[str] | None, typer.Option("--set", help="key=value, such as phases.0.epochs=2")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop, resumable, after this epoch.")] = None,
    accelerator: Annotated[str, typer.Option(help="auto, cpu, gpu, mps.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="How many devices (DDP).")] = 1,
) -> None:
    """Train a recipe: run folder with checkpoint, figures, curves and model card.

    Example: [bold]reseen train aanet50-market1501-quick --data ../shared/data[/]
    """
    from reseen.training.fit import Run
    from reseen.training.recipe import load_recipe
    from reseen.training.recipe.locate import resolve

    resolved = resolve(load_recipe(recipe, overrides), data=data, weights=weights)
    folder = folder or Path("runs") / resolved.name
    report = Run(resolved, folder, resume, stop_after, accelerator, devices, err).train()
    if report is None:
        raise typer.Exit(130)
    out.print(report.table())
    say_written(folder / "last", folder / "report.json", folder / "curves.png")


@app.command()
def evaluate(
    checkpoint: CheckpointArgument,
    data: Annotated[Path, typer.Option(help="Folder or zip of the data set.")],
    dataset: Annotated[str | None, typer.Option(help="Its key; recognised if left out.")] = None,
    options: Annotated[list[str] | None, typer.Option("--option", help="Loader option, such as fold=3")] = None,
    folds: Annotated[int, typer.Option(min=1, help="Mean over this many folds: 10 on VIPeR.")] = 1,
    average_precision: Annotated[str, typer.Option(help="hits or trapezoid.")] = "hits",
    reranking: Annotated[bool, typer.Option("--reranking", help="Also after k-reciprocal re-ranking.")] = False,
    multiple_query: Annotated[bool, typer.Option("--multiple-query", help="Also with pooled queries.")] = False,
    features: Annotated[list[str] | None, typer.Option("--feature", help="Compare by this feature alone.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Write report.json, cmc.png and worst.png here.")] = None,
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Evaluate a checkpoint by the data set's full protocol.

    Example: [bold]reseen evaluate runs/aanet50-market1501-quick/last --data ../shared/data --reranking[/]
    """
    from reseen.data import open_split, recognise
    from reseen.evaluation import ReRanking
    from reseen.training.evaluate import average_folds, evaluate_split

    if average_precision not in ("hits", "trapezoid"):
        raise ReseenError(f"--average-precision {average_precision}: it can be hits or trapezoid")
    loader_options = _loader_options(options or [])
    if folds > 1 and "fold" in loader_options:
        raise ReseenError(f"--folds {folds} goes over the folds itself: leave out --option fold, or --folds")
    name = dataset or recognise(data)
    embedder = _load(checkpoint, device)
    evaluations = [
        evaluate_split(
            embedder,
            open_split(name, data, **loader_options, **({"fold": fold} if folds > 1 else {})),
            batch_size=batch_size,
            average_precision="trapezoid" if average_precision == "trapezoid" else "hits",
            reranking=ReRanking() if reranking else None,
            with_multiple_query=multiple_query,
            features=features or (),
            max_corrupt=max_corrupt,
            console=err,
        )
        for fold in range(folds)
    ]
    first = evaluations[0]
    report = first.report if folds == 1 else average_folds([evaluation.report for evaluation in evaluations])
    out.print(report.table())
    if folder:
        from reseen.explain.evaluation import draw_evaluation

        folder.mkdir(parents=True, exist_ok=True)
        write(folder / "report.json", report.to_json())
        pictures = draw_evaluation(first.report, first.query, first.gallery, folder)
        say_written(folder / "report.json", *pictures)


@app.command()
def embed(
    checkpoint: CheckpointArgument,
    images: Annotated[Path, typer.Option(help="Folder, zip, CSV or Parquet table of images.")],
    file: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Write descriptors and attribute probabilities of images to a file; of a data set, its gallery.

    Example: [bold]reseen embed runs/NAME/last --images pictures/ --out pictures.parquet[/]
    """
    embeddings = _embed_images(_load(checkpoint, device), images, batch_size, max_corrupt)
    embeddings.save(file)
    out.print(f"{len(embeddings):,} descriptors of length {embeddings.features.shape[1]:,}")
    say_written(file)


@app.command()
def search(
    checkpoint: CheckpointArgument,
    gallery: Annotated[Path, typer.Option(help="Folder, zip or table of images, or a file `reseen embed` wrote.")],
    query: Annotated[Path | None, typer.Option(help="Picture of the person.")] = None,
    where: Annotated[str, typer.Option(help='Required attributes: "gender=male and backpack=yes".')] = "",
    top: Annotated[int, typer.Option(min=1, help="How many results.")] = 10,
    picture: Annotated[Path, typer.Option("--out", help="Ranked-list picture to write.")] = Path("search.png"),
    batch_size: BatchOption = 128,
    max_corrupt: CorruptOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Find a person in a gallery by picture, by attributes, or by both.

    Example: [bold]reseen search runs/NAME/last --gallery pictures/ --query person.jpg --where "backpack=yes"[/]
    """
    from reseen.data.images.reference import image_of
    from reseen.evaluation.cross_camera import own_camera
    from reseen.explain.saving import save_picture
    from reseen.search import matches_table, parse_where
    from reseen.search import search as find
    from reseen.search.picture import matches_picture

    if not (query or where):
        raise ReseenError("nothing to search for: give --query, --where, or both")
    person = image_of(query) if query else None
    embedder = _load(checkpoint, device)
    if where and embedder.schema is None:
        raise ReseenError(f"--where {where!r}: {checkpoint} predicts no attributes; use an AANet checkpoint")
    wanted = parse_where(where, embedder.schema) if where and embedder.schema else None
    embedded = embedder.embed([person], cache=False) if person else None
    # A query whose name tells person and camera is not looked for in its own camera.
    known = person if person is not None and person.pid > 0 else None
    images = _gallery(embedder, gallery, batch_size, max_corrupt)
    if known and (own := int(own_camera(images.pids, images.camids, known.pid, known.camid).sum())):
        left_out = f"pictures of person {known.pid} by the query's own camera {known.camid}, left out: {own:,}"
        err.print(left_out, highlight=False)
    matches = find(
        images,
        embedded,
        schema=embedder.schema,
        where=wanted,
        top=top,
        exclude=(known.pid, known.camid) if known else None,
    )
    if not matches:
        out.print("nobody in the gallery fulfils this, so no picture was written; loosen --where")
        return
    pid = known.pid if known else None
    out.print(matches_table(matches, schema=embedder.schema, where=wanted, query_pid=pid))
    drawn = matches_picture(matches, person, schema=embedder.schema, where=wanted, query_pid=pid)
    save_picture(drawn, picture)
    say_written(picture)


@app.command()
def explain(
    checkpoint: CheckpointArgument,
    image: Annotated[Path, typer.Argument(help="Picture of a person.")],
    picture: Annotated[Path, typer.Option("--out", help="Figure to write.")] = Path("explain.png"),
    device: DeviceOption = "auto",
) -> None:
    """Show where the model looked and which attributes it read.

    Example: [bold]reseen explain runs/aanet50-market1501-quick/last person.jpg --out explain.png[/]
    """
    from reseen.data.images.reference import image_of
    from reseen.explain.explanation import explain as explain_image
    from reseen.explain.saving import save_figure

    explanation = explain_image(_load(checkpoint, device), image_of(image), title=image.name)
    for attribute, value, probability in explanation.predictions:
        out.print(f"{attribute:<14} {value:<10} {probability:.0%}", highlight=False)
    save_figure(explanation.figure, picture)
    say_written(picture)


@app.command()
def demo(
    data: Annotated[Path | None, typer.Option(help="Folder or zip of Market-1501; else persons are rendered.")] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where everything is written; replaced.")] = Path("demo-out"),
    recipe: Annotated[Path | None, typer.Option(help="What to train: demo, or with --data demo-market1501.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Backbone's weights: a file or a checkpoint.")] = None,
    overrides: Annotated[list[str] | None, typer.Option("--set", help="key=value, as for train.")] = None,
) -> None:
    """Run the whole chain: render, train briefly, evaluate, search, explain.

    Example: [bold]reseen demo[/], or with real images [bold]reseen demo --data ../shared/data[/]
    """
    from reseen.demo import demo as run_demo
    from reseen.training.recipe import load_recipe

    if weights and not (data or recipe):
        raise ReseenError("--weights goes with --data: without data the demo trains a small network from nothing")
    recipe = recipe or Path("demo-market1501" if data else "demo")
    pictures = run_demo(load_recipe(recipe, overrides), folder, out, data=data, weights=weights)
    if not pictures:
        raise typer.Exit(130)
    say_written(*pictures)


def _load(checkpoint: Path, device: str) -> Embedder:
    import torch

    from reseen.models.checkpoint import load

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        target = torch.device(device)
        torch.empty(0, device=target)
    except (RuntimeError, AssertionError) as error:
        raise ReseenError(f"--device {device}: {str(error).splitlines()[0]}") from error
    return load(checkpoint, device=target)


def _gallery(embedder: Embedder, gallery: Path, batch_size: int, max_corrupt: int) -> Embeddings:
    """Reads a file of descriptors, or makes them for a folder."""
    from reseen.descriptors.embeddings import Embeddings

    if gallery.is_file() and gallery.suffix == ".parquet" and Embeddings.is_one(gallery):
        stored = Embeddings.load(gallery)
        if stored.model and stored.model != embedder.digest:
            raise ReseenError(
                f"{gallery} was made by another model ({stored.model[:12]}) than this one ({embedder.digest[:12]}): "
                "make it again with reseen embed"
            )
        return stored
    return _embed_images(embedder, gallery, batch_size, max_corrupt)


def _embed_images(embedder: Embedder, images: Path, batch_size: int, max_corrupt: int) -> Embeddings:
    from reseen.data import open_split, recognise
    from reseen.data.images.source import open_folder
    from reseen.data.person import UNKNOWN_PID
    from reseen.data.sets.table import TABLE_SUFFIXES
    from reseen.training.progress import progress_of

    is_table = images.suffix in TABLE_SUFFIXES
    # Pictures lying right here are what is meant, even if the folder is part of a data set.
    name = "table" if is_table or open_folder(images).images() else recognise(images)
    split = open_split(name, images)
    if name == "table":
        chosen = [image for part in split.parts().values() for image in part]
    else:
        chosen = [image for image in split.gallery if image.pid != UNKNOWN_PID]
        err.print(f"{name}: its gallery, {len(chosen):,} images without junk", highlight=False)
    if not chosen:
        raise ReseenError(f"{images} has no gallery images; name a folder of pictures")
    with progress_of(err, "embedding images") as progress:
        return embedder.embed(
            chosen,
            batch_size=batch_size,
            max_corrupt=max_corrupt,
            progress=progress,
        )


def _loader_options(options: list[str]) -> dict[str, Any]:
    import yaml

    for option in options:
        if "=" not in option:
            raise ReseenError(f"--option {option}: write key=value, such as --option fold=3")
    try:
        return {key: yaml.safe_load(value) for key, _, value in (option.partition("=") for option in options)}
    except yaml.YAMLError as error:
        raise ReseenError(
            f"--option {' '.join(options)}: a value is not YAML: {' '.join(str(error).split())}"
        ) from error


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


def main() -> None:
    """Runs the command line; mistakes of the user end in one line and exit code 2."""
    try:
        app()
    except (ReseenError, OSError) as error:
        err.print("[bold red]error:[/] ", end="")
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
