"""`reseen train-pose`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.options import AcceleratorOption, existing
from reseen.console import err, out, say_written
from reseen.errors import ReseenError
from reseen.extras import need


def train_pose(
    data: Annotated[
        list[str], typer.Argument(help="Folders or zips of person images, KEY=PLACE each, or coco=FOLDER.")
    ],
    folder: Annotated[Path, typer.Option("--out", help="Folder of the network, and of the run.")],
    teacher: Annotated[
        Path | None,
        typer.Option(help="OpenVINO network (.xml) for images without joints.", callback=existing),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="VGG-19's weights (safetensors), for width 1.", callback=existing)
    ] = None,
    width: Annotated[float, typer.Option(help="Share of the full network's channels.")] = 1.0,
    streams: Annotated[int, typer.Option(help="Stages with two streams.")] = 3,
    kernel: Annotated[int, typer.Option(help="Of the streams' convolutions.")] = 7,
    batch_norm: Annotated[
        bool, typer.Option(help="With one after every convolution; with --weights, VGG-19's have to have it, too.")
    ] = True,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH of the crops.")] = "192x96",
    margin: Annotated[float, typer.Option(help="Grey around them on each side, as a share of the size.")] = 0,
    images: Annotated[int | None, typer.Option(min=1, help="At most so many of each data set.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over them.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a step.")] = 32,
    lr: Annotated[float, typer.Option(help="Adam's learning rate.")] = 4e-3,
    precision: Annotated[str, typer.Option(help="32-true, bf16-mixed or auto.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop, resumable, after this epoch.")] = None,
    accelerator: AcceleratorOption = "auto",
) -> None:
    """Train a pose network on rendered persons' and COCO's joints, and on a teacher's maps of any others.

    Example: [bold]reseen train-pose pedestrians market1501=DATA --teacher human-pose-estimation-0001.xml --out pose[/]
    """
    need("train", *(["pose"] if teacher else []))
    import torch
    from pydantic import ValidationError

    from reseen.pose.network import PoseNet, load_vgg
    from reseen.pose.openvino_network import OpenVinoNetwork
    from reseen.progress import progress_of
    from reseen.training.pose import PoseRun, PoseTraining
    from reseen.training.pose.examples import open_examples
    from reseen.training.pose.folder import check_folder

    try:
        config = PoseTraining.model_validate(
            {
                "network": {
                    "width": width,
                    "streams": streams,
                    "kernel": kernel,
                    "batch_norm": batch_norm,
                    "size": size,
                    "margin": margin,
                },
                "epochs": epochs,
                "batch_size": batch_size,
                "lr": lr,
                "precision": precision,
                "seed": seed,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][-1]).replace("_", "-")
        raise ReseenError(f"--{option}: {first['msg'].removeprefix('Value error, ')}") from error
    check_folder(folder, {"settings": config.model_dump(mode="json")}, resume=resume)
    torch.manual_seed(seed)
    network = PoseNet(config.network)
    if weights:
        load_vgg(network, weights)
    told = OpenVinoNetwork(teacher) if teacher else None
    with progress_of(err, "decoding images") as progress:
        examples = open_examples(data, config.network.size, most=images, progress=progress)
    if told is None and not examples.known.all():
        missing = int((~examples.known).sum())
        raise ReseenError(f"{missing:,} of {len(examples):,} images have no joints of their own: give --teacher")
    run = PoseRun(config, examples, folder, told, resume, stop_after, accelerator, err)
    if run.train(network) is None:
        raise typer.Exit(130)
    out.print(f"trained on {len(examples):,} images of {', '.join(examples.datasets)}", highlight=False)
    say_written(folder)
