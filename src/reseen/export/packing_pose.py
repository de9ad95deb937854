"""A trained pose network becomes the one that comes with the package.

python -m reseen.export.packing own-net pose-net
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from reseen.checkpoint_files import (
    BOX,
    CARD,
    LARGEST_BOXED,
    POSE_NET,
    TRAIN_POSE,
    check_checkpoint,
    divisions_of,
    trained_on,
)
from reseen.data.images.decoding import decode
from reseen.data.images.transforms import normalize, to_float
from reseen.errors import ReseenError
from reseen.export.half import check_original, check_size, halved, packed_card
from reseen.export.parity import LEAST_COSINE, pictures_of_nobody
from reseen.files import replacing_folder
from reseen.pose.network import PoseNet, load_pose_net, save_pose_net

JOINTS = Path("results/pose-net.json")
"""Where the repository keeps what `benchmarks/pose.py` has measured of the pose network."""


def pack_pose_net(folder: Path, *, joints: Path | None = None, box: Path = BOX, largest: int = LARGEST_BOXED) -> float:
    """Writes a pose network into the package, as `reseen.export.packing.pack` does a system.

    Args:
        folder: What `reseen train-pose` wrote.
        joints: What its card tells of: `joint_figures`.
        box: Where it is put.
        largest: Bytes that its files may have together.

    Returns:
        The smallest cosine between its maps of a picture and the original's.

    Raises:
        ReseenError: If there is none, it is the package's own or states no terms, was not measured, is too large, or
            rounding has made another network of it; nothing is written then.
    """
    folder = check_checkpoint(folder, command=TRAIN_POSE)
    check_original(folder, box, TRAIN_POSE)
    own, light = load_pose_net(folder), load_pose_net(folder)
    figures = joint_figures(joints, own, folder) if joints else ""
    pictures = _pictures(own.config.size)
    with replacing_folder(box / POSE_NET) as partial:
        save_pose_net(partial, halved(light), trained_on=trained_on(folder), divisions=divisions_of(folder))
        cosine = _maps_cosine(own, load_pose_net(partial), pictures)
        if not cosine >= LEAST_COSINE:
            raise ReseenError(
                f"half precision makes another network of {folder}: cosine {cosine:.6f}, needed {LEAST_COSINE}"
            )
        packed = (
            "## In the package\n\n"
            f"Stored with 16 bits a weight. Beside the trained network, over {len(pictures)} pictures: smallest cosine "
            f"of its maps {cosine:.6f}. Figures are those of the trained network.\n"
        )
        (partial / CARD).write_text(packed_card(folder, POSE_NET, figures, packed))
        check_size(partial, folder, largest, "take a smaller --width")
    return cosine


def joint_figures(file: Path, network: PoseNet, folder: Path) -> str:
    """Returns what a pose network's card says of how well it finds joints.

    Args:
        file: What `benchmarks/pose.py` wrote: the source's name, what it was compared with if not with the joints of
            the data sets, and its figures by data set and joint.
        network: Whose they are to be.
        folder: Where it lies.

    Raises:
        ReseenError: If there are none, or they are of another source, or beside another.
    """
    content: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    if "against" in content or not content.pop("source", "").startswith(f"{network.name} "):
        raise ReseenError(
            f"{file} has no figures of {folder}, {network.name}: python benchmarks/pose.py {folder} --market DATA "
            f"--rendered FOLDER --json {file}"
        )
    overall: dict[str, list[float]] = {name: own["all"] for name, own in content.items()}
    rows = [f"| {name} | {mean:.2f} | {median:.2f} | {share:.0%} |" for name, (mean, median, share) in overall.items()]
    head = [
        "## How far off its joints are",
        "In pixels of a picture of 128 by 64, of pictures that it has not learnt from, beside the joints that each "
        "data set comes with: the truth of rendered persons; Market-1501's were found by another program.",
        "",
        "| pictures | mean | median | found |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def _pictures(size: tuple[int, int]) -> Tensor:
    pixels = np.stack([decode(picture, size)[0] for picture in pictures_of_nobody(size)])
    return to_float(torch.from_numpy(pixels), size)


@torch.inference_mode()
def _maps_cosine(one: PoseNet, two: PoseNet, pictures: Tensor) -> float:
    before, after = (torch.cat(network(normalize(pictures))[-1], 1).flatten(1).double() for network in (one, two))
    return float(functional.cosine_similarity(before, after).min())
