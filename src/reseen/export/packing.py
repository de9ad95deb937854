"""A trained checkpoint becomes one of the models that come with the package, or its pose network.

python -m reseen.export.packing runs/small-rendered/last small
python -m reseen.export.packing own-net pose-net
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
from torch import nn

from reseen import models
from reseen.checkpoint_files import (
    BOX,
    BOXED,
    CALIBRATION,
    CARD,
    IN_BOX,
    LARGEST_BOXED,
    POSE_NET,
    RELIABILITY,
    REPORT,
    check_checkpoint,
    divisions_of,
    held_back,
    trained_on,
)
from reseen.console import out, run
from reseen.errors import ReseenError
from reseen.export.half import check_original, check_size, halved, packed_card
from reseen.export.packing_pose import JOINTS, pack_pose_net
from reseen.export.parity import LEAST_COSINE, Parity, compare, pictures_of_nobody
from reseen.export.unseen import TRANSFER, measured
from reseen.files import replacing_folder
from reseen.models import checkpoint as checkpoints
from reseen.models.embedder import Embedder

LONGEST = 512
"""Numbers in a descriptor of a model in the package."""


def pack(
    checkpoint: Path, name: str, *, transfer: Path | None = None, box: Path = BOX, largest: int = LARGEST_BOXED
) -> Parity:
    """Writes a checkpoint into the package: in half precision, and without what only training needs.

    It stays a checkpoint like any other. Matrices and filters are rounded to 16 bits; biases and statistics, which are
    few, keep 32. Its calibration goes along, since distances stay what they were; its card says how nearly. So does a
    report of its evaluation, which the application shows.

    Args:
        checkpoint: What training wrote, calibrated.
        name: What it is to be called; one of `BOXED`.
        transfer: What its card and its report tell of: `reseen.export.unseen.measured`.
        box: Where it is put.
        largest: Bytes that its files may have together.

    Returns:
        How near its descriptors are to the checkpoint's.

    Raises:
        ReseenError: If there is no such name, or the model is the package's own, states no terms, is not calibrated,
            tells no attributes, was not measured, is too large, its descriptor too long, or rounding has made another
            model of it; nothing is written then.
    """
    if name not in BOXED:
        raise ReseenError(f"no model in the package is called {name!r}; it can be {' or '.join(BOXED)}")
    checkpoint = check_checkpoint(checkpoint)
    check_original(checkpoint, box, "reseen train")
    if not (checkpoint / CALIBRATION).is_file():
        raise ReseenError(f"nobody knows what distances of {checkpoint} mean: reseen calibrate {checkpoint} DATA")
    own = checkpoints.load(checkpoint, backend="torch")
    figures = measured(checkpoint, own.digest, transfer) if transfer else None
    pictures = pictures_of_nobody(own.config.size)
    before = _in_float32(own).embed(pictures)
    if not before.attributes:
        raise ReseenError(f"{checkpoint} tells no attributes, and models in the package do: train one that has them")
    if (length := before.features.shape[1]) > LONGEST:
        raise ReseenError(
            f"the descriptor of {checkpoint} has {length:,} numbers: models in the package have {LONGEST}"
        )
    with replacing_folder(box / name) as partial:
        checkpoints.save(
            partial,
            _light(own.model),
            own.config,
            card="",
            distance=own.distance,
            trained_on=trained_on(checkpoint),
            divisions=divisions_of(checkpoint),
            held_back=held_back(checkpoint),
        )
        packed = checkpoints.load(partial)
        parity = compare(before, _in_float32(packed).embed(pictures))
        if not parity.cosine >= LEAST_COSINE:
            raise ReseenError(
                f"half precision makes another model of {checkpoint}: cosine {parity.cosine:.6f}, needed {LEAST_COSINE}"
            )
        told = _told(packed.model, parity)
        (partial / CARD).write_text(packed_card(checkpoint, name, figures.section() if figures else "", told))
        if figures:
            (partial / REPORT).write_text(figures.shown.to_json() + "\n")
        assert own.calibration is not None
        checkpoints.save_calibration(partial, own.calibration.model_copy(update={"model": packed.digest}))
        if (checkpoint / RELIABILITY).is_file():  # the card shows it
            shutil.copyfile(checkpoint / RELIABILITY, partial / RELIABILITY)
        check_size(partial, checkpoint, largest, "take a lighter backbone, or fewer dimensions")
    return parity


def _in_float32(embedder: Embedder) -> Embedder:
    """Returns the same model in 32 bits: what bfloat16 rounds in each of two would hide what packing has changed."""
    config = embedder.config.model_copy(update={"precision": "float32"})
    return Embedder(embedder.model, config, embedder.distance)


def _light(model: nn.Module) -> nn.Module:
    """Returns a system as it is used, with 16 bits in matrices and filters."""
    config: Any = model.config
    light = models.build(config.to_use() if hasattr(config, "to_use") else config)
    wanted = light.state_dict()
    light.load_state_dict({key: value for key, value in model.state_dict().items() if key in wanted})
    return halved(light)


def _told(packed: nn.Module, parity: Parity) -> str:
    """Returns what a card says of what packing has changed."""
    parameters = sum(parameter.numel() for parameter in packed.parameters())
    return (
        f"## In the package\n\n{parameters / 1e6:.1f} M parameters, without identity classifiers, 16 bits a weight. "
        f"Beside the trained checkpoint, in 32 bits and over {parity.pictures} pictures: smallest cosine of the "
        f"descriptors {parity.cosine:.6f}, largest difference of a probability {parity.probability:.4f}. Figures are "
        "those of the checkpoint.\n"
    )


def main(
    checkpoint: Annotated[Path, typer.Argument(help="What training wrote, such as runs/small-rendered/last.")],
    name: Annotated[str, typer.Argument(help=" or ".join(IN_BOX))],
    transfer: Annotated[Path, typer.Option(help="What benchmarks/transfer.py has measured of a model.")] = TRANSFER,
    joints: Annotated[Path, typer.Option(help="What benchmarks/pose.py has measured of a pose network.")] = JOINTS,
    box: Annotated[Path, typer.Option(help="Where it is put; elsewhere to look at it first.")] = BOX,
) -> None:
    """Put a trained checkpoint, or a pose network, into the package."""
    if name == POSE_NET:
        cosine = pack_pose_net(checkpoint, joints=joints, box=box)
    else:
        cosine = pack(checkpoint, name, transfer=transfer, box=box).cosine
    out.print(f"wrote {box / name}; smallest cosine to the original {cosine:.6f}", highlight=False)


if __name__ == "__main__":
    run(lambda: typer.run(main))
