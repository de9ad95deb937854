"""`reseen pose`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.options import BatchOption, DeviceOption, LoaderOption, drawable, existing, loader_options_of
from reseen.console import err, note, out, say_written
from reseen.errors import ReseenError
from reseen.extras import need
from reseen.pose.kinds import OWN, check_source

_SHOWN = 48
"""Persons on a sheet of skeletons."""
_LARGER = 3
"""How much more room one takes on a sheet of crops."""


def pose(
    data: Annotated[Path, typer.Argument(help="Folder or zip of a data set, or of pictures.", callback=existing)],
    source: Annotated[
        str,
        typer.Option(
            help="own (the data set's), a file of joints (.parquet), COCO keypoints (.json), an OpenVINO network "
            "(.xml), a trained pose network's folder, or pose-net, which comes with the package."
        ),
    ],
    file: Annotated[Path, typer.Option("--out", help="Parquet file to write, or to go on with.")],
    sheet: Annotated[
        Path | None, typer.Option(help="Also draw some of them here, .png or .jpg.", callback=drawable)
    ] = None,
    crops: Annotated[
        Path | None, typer.Option(help="Also draw the regions cut out of some, .png or .jpg.", callback=drawable)
    ] = None,
    poses: Annotated[Path | None, typer.Option("--canonical", help="Also learn canonical poses; .json.")] = None,
    dataset: Annotated[str | None, typer.Option(help="The data set's key; recognised if left out.")] = None,
    options: LoaderOption = None,
    batch_size: BatchOption = 32,
    device: DeviceOption = "auto",
) -> None:
    """Find the joints of every image of a data set; called again, it goes on where it stopped.

    Example: [bold]reseen pose DATA --source pose-net --out joints.parquet --sheet joints.png[/]
    """
    if source != OWN:
        check_source(source)
    chosen = loader_options_of(options)
    if source.endswith(".xml"):
        need("pose")
    from reseen.data import loader_options, open_split, recognise
    from reseen.models.backends.device import device_of
    from reseen.pose.finding import find_joints
    from reseen.pose.source import open_source
    from reseen.progress import progress_of

    name = dataset or recognise(data)
    if source == OWN and "keypoints" not in loader_options(name):
        raise ReseenError(f"{name} has no joints of its own: name another --source")
    split = open_split(name, data, **chosen | ({"keypoints": True} if source == OWN else {}))
    images = [image for part in split.parts().values() for image in part]
    note(f"{split.name}: {len(images):,} images")
    try:
        with progress_of(err, "finding joints") as progress:
            found_by = open_source(source, split, device_of(device))
            made = find_joints(images, found_by, file, batch_size=batch_size, progress=progress)
    except KeyboardInterrupt:
        err.print("stopped; the same command goes on", highlight=False)
        raise typer.Exit(130) from None
    out.print(f"joints of {made:,} images" if made else "everything was there", highlight=False)
    say_written(file)
    if sheet or crops or poses:
        from reseen.data.annotations.joints_file import attach_joints_file

        found = attach_joints_file(split, file)
    if sheet or crops:
        from reseen.explain.drawing.crops import crops_sheet
        from reseen.explain.drawing.saving import save_picture
        from reseen.explain.drawing.skeleton import sheet_of

        everybody = [image for part in found.parts().values() for image in part]
        some = everybody[:: max(1, len(everybody) // _SHOWN)][:_SHOWN]
        for picture, draw, shown in ((sheet, sheet_of, some), (crops, crops_sheet, some[::_LARGER])):
            if picture:
                save_picture(draw(shown), picture)
                say_written(picture)
    if poses:
        from reseen.pose.canonical import learn_poses, points_of

        learn_poses(points_of(found.train or found.gallery), origin=split.name).save(poses)
        say_written(poses)
