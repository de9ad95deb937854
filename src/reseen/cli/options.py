"""Arguments and options that several commands share, and what is checked of them before anything heavy is imported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reseen.addresses import check_on_disk
from reseen.checkpoint_files import BOXED, backend_of, boxed, check_checkpoint, check_model, graph_in, unnamed
from reseen.errors import ReseenError, one_line
from reseen.extras import need
from reseen.picture_files import picture_format

if TYPE_CHECKING:
    from reseen.models.embedder import Embedder


def existing(place: Path | None) -> Path | None:
    """Returns a folder, zip or file that is there.

    Raises:
        ReseenError: If it is not, or lies in object storage.
    """
    if place is not None and not check_on_disk(place).exists():
        raise ReseenError(f"{place} does not exist; name the folder, zip or table that has the images")
    return place


def existing_picture(picture: Path | None) -> Path | None:
    """Returns a picture, or ``archive.zip:member``, that is there and one.

    Raises:
        ReseenError: If it is not, or cannot be read.
    """
    from reseen.data.images.reference import image_of

    if picture is not None:
        image = image_of(picture)
        try:
            image.open()
        except ReseenError as error:
            raise ReseenError(f"{error}; name a picture of a person") from error
    return picture


def drawable(picture: Path | None) -> Path | None:
    """Returns where a picture can be drawn to.

    Raises:
        ReseenError: If its suffix stands for no format.
    """
    if picture is not None:
        picture_format(picture)
    return picture


def writable(file: Path | None) -> Path | None:
    """Returns where a file can be written to.

    Raises:
        ReseenError: If a folder lies there.
    """
    if file is not None and file.is_dir():
        raise ReseenError(f"{file} is a folder; name a file")
    return file


def existing_recipe(recipe: Path | None) -> Path | None:
    """Returns the file of a recipe, which may be named by one of ours.

    Raises:
        ReseenError: If there is none.
    """
    from reseen.training.recipe_files import find_recipe

    return None if recipe is None else find_recipe(recipe)


def model_at(context: typer.Context, parameter: typer.CallbackParam, place: Path) -> Path:
    """Returns the folder of a checkpoint or an exported graph, or of a model in the package; that if none is named.

    Raises:
        ReseenError: If it is none; says how to name another.
    """
    return check_model(_named(context, parameter, place), _option_of(parameter))


def checkpoint_at(context: typer.Context, parameter: typer.CallbackParam, place: Path) -> Path:
    """Returns the folder of a checkpoint, or of a model in the package; that if none is named.

    Raises:
        ReseenError: If it is none; says how to name another.
    """
    return check_checkpoint(_named(context, parameter, place), _option_of(parameter))


def _named(context: typer.Context, parameter: typer.CallbackParam, place: Path) -> Path:
    source = context.get_parameter_source(parameter.name or "")
    return unnamed(_option_of(parameter)) if source is not None and source.name == "DEFAULT" else place


def _option_of(parameter: typer.CallbackParam) -> str:
    """Returns what an option is called, such as ``--model``; arguments are called nothing."""
    return next((name for name in parameter.opts if name.startswith("--")), "")


BOXED_MODEL = Path(BOXED[0])
"""The checkpoint where none is named."""
HAS_BOXED = boxed(BOXED[0])
"""Whether that is in this package, so that help may promise it."""
CheckpointArgument = Annotated[
    Path,
    typer.Argument(
        help=", or ".join(["Checkpoint folder, such as runs/NAME/last", *filter(boxed, BOXED)]) + ".",
        callback=model_at,
        show_default=HAS_BOXED,
    ),
]
WeightsOption = Annotated[
    Path | None,
    typer.Option(help="File or checkpoint for the backbone, in place of weights that the recipe names."),
]


def known_device(name: str) -> str:
    """Returns the name of a device.

    Raises:
        ReseenError: If none is called so.
    """
    if not re.fullmatch(r"auto|(cpu|cuda|mps)(:\d+)?", name):
        raise ReseenError(f"--device {name}: it can be auto, cpu, cuda, cuda:1, mps")
    return name


DeviceOption = Annotated[
    str, typer.Option(help="cpu, cuda, cuda:1, mps; auto takes what is there.", callback=known_device)
]
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps")


def known_accelerator(name: str) -> str:
    """Returns Lightning's name of a kind of device.

    Raises:
        ReseenError: If it has none of that name.
    """
    if name not in ACCELERATORS:
        raise ReseenError(f"--accelerator {name}: it can be {', '.join(ACCELERATORS)}")
    return name


def readable_overrides(overrides: list[str] | None) -> list[str] | None:
    """Returns changes to a recipe that are written as they should be.

    Raises:
        ReseenError: If one is not.
    """
    from reseen.training.arguments import parse_override

    for override in overrides or []:
        parse_override(override)
    return overrides


AcceleratorOption = Annotated[str, typer.Option(help="auto, cpu, gpu, cuda, mps.", callback=known_accelerator)]
CorruptOption = Annotated[int, typer.Option(min=0, help="Undecodable images that may be skipped.")]
BackendOption = Annotated[
    str | None,
    typer.Option(help="torch, onnx or openvino; by default what the folder was written for.", callback=backend_of),
]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Also write it to this file, as JSON.", callback=writable)
]
BatchOption = Annotated[int, typer.Option(min=1, help="Images a forward pass.")]

LoaderOption = Annotated[
    list[str] | None, typer.Option("--option", help="Option of the data set's loader, such as fold=3")
]


def loader_options_of(options: list[str] | None) -> dict[str, Any]:
    """Returns ``key=value`` options by key; values are YAML.

    Raises:
        ReseenError: If one is not written so.
    """
    import yaml

    for option in options or []:
        if "=" not in option:
            raise ReseenError(f"--option {option}: write key=value, such as --option fold=3")
    try:
        parted = [option.partition("=") for option in options or []]
        return {key: yaml.safe_load(value) for key, _, value in parted}
    except yaml.YAMLError as error:
        raise ReseenError(f"--option {' '.join(options or [])}: a value is not YAML: {one_line(error)}") from error


def need_engine(checkpoint: Path, backend: str | None) -> None:
    """Makes sure that what is to run a checkpoint is installed.

    Raises:
        ReseenError: If it is not; says what to install.
    """
    if (engine := backend or graph_in(checkpoint) or "torch") != "torch":
        need(engine)


def load(checkpoint: Path, device: str, backend: str | None = None) -> Embedder:
    """Loads a checkpoint onto the device and the backend that options name."""
    need_engine(checkpoint, backend)
    if device == "auto" and (backend or graph_in(checkpoint) or "torch") != "torch":
        device = "cpu"
    from reseen.models import checkpoint as checkpoints
    from reseen.models.backends.device import device_of

    return checkpoints.load(checkpoint, device=device_of(device), backend=backend_of(backend))
