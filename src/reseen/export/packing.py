"""A trained checkpoint becomes one of the models that come with the package, or its pose network.

python -m reseen.export.packing runs/small-rendered/last small
python -m reseen.export.packing own-net pose-net
"""

from __future__ import annotations

import json
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
    check_checkpoint,
    divisions_of,
    held_back,
    trained_on,
)
from reseen.console import out, run
from reseen.errors import ReseenError
from reseen.export.half import check_size, halved, packed_card
from reseen.export.packing_pose import JOINTS, pack_pose_net
from reseen.export.parity import LEAST_COSINE, Parity, compare, pictures_of_nobody
from reseen.files import replacing_folder
from reseen.models import checkpoint as checkpoints
from reseen.models.embedder import Embedder

LONGEST = 512
"""Numbers in a descriptor of a model in the package."""
TRANSFER = Path("results/transfer.json")
"""Where the repository keeps what `benchmarks/transfer.py` has measured."""


def pack(checkpoint: Path, name: str, *, figures: str = "", box: Path = BOX, largest: int = LARGEST_BOXED) -> Parity:
    """Writes a checkpoint into the package: in half precision, and without what only training needs.

    It stays a checkpoint like any other. Matrices and filters are rounded to 16 bits; biases and statistics, which are
    few, keep 32. Its calibration goes along, since distances stay what they were; its card says how nearly.

    Args:
        checkpoint: What training wrote, calibrated.
        name: What it is to be called; one of `BOXED`.
        figures: A section for its card: `unseen_figures`.
        box: Where it is put.
        largest: Bytes that its files may have together.

    Returns:
        How near its descriptors are to the checkpoint's.

    Raises:
        ReseenError: If there is no such name, or the model is not calibrated, tells no attributes, is too large, its
            descriptor too long, or rounding has made another model of it; nothing is written then.
    """
    if name not in BOXED:
        raise ReseenError(f"no model in the package is called {name!r}; it can be {' or '.join(BOXED)}")
    check_checkpoint(checkpoint)
    if not (checkpoint / CALIBRATION).is_file():
        raise ReseenError(f"nobody knows what distances of {checkpoint} mean: reseen calibrate {checkpoint} DATA")
    own = checkpoints.load(checkpoint, backend="torch")
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
        (partial / CARD).write_text(_card(checkpoint, name, parity, figures))
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


def unseen_figures(checkpoint: Path, file: Path) -> str:
    """Returns what a card says of test sets that a model has seen nobody of; empty if there are none.

    Args:
        checkpoint: In the folder of its run, which is called like its recipe.
        file: What `benchmarks/transfer.py` wrote: figures by title, which begins with the recipe's name.

    Raises:
        ReseenError: If it has none of this model.
    """
    recipe, seen = checkpoint.resolve().parent.name, trained_on(checkpoint)
    content: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else {}
    own = next((figures for title, figures in content.items() if title.partition(",")[0] == recipe), None)
    if own is None:
        raise ReseenError(
            f"{file} has no figures of {recipe}: python benchmarks/transfer.py {recipe}={checkpoint} --json {file}"
        )
    sets = [title.removesuffix(" mAP") for title in own if title.endswith(" mAP")]
    unseen = [each for each in sets if each.lower().replace("-", "") not in seen]
    rows = [f"| {each} | {own[f'{each} mAP']:.2%} | {own[f'{each} rank1']:.2%} |" for each in unseen]
    head = ["## On sets it has never seen", "| test set | mAP | rank-1 |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""]) if rows else ""


def _card(checkpoint: Path, name: str, parity: Parity, figures: str) -> str:
    """Returns the checkpoint's card, which says what packing has changed, and what else is known of the model."""
    packed = (
        "## In the package\n\n"
        "Stored with 16 bits a weight, without identity classifiers. Beside the trained checkpoint, over "
        f"{parity.pictures} pictures: smallest cosine of the descriptors {parity.cosine:.6f}, largest difference of a "
        f"probability {parity.probability:.4f}. Figures are those of the checkpoint.\n"
    )
    return packed_card(checkpoint, name, figures, packed)


def main(
    checkpoint: Annotated[Path, typer.Argument(help="What training wrote, such as runs/small-rendered/last.")],
    name: Annotated[str, typer.Argument(help=" or ".join(IN_BOX))],
    transfer: Annotated[Path, typer.Option(help="What benchmarks/transfer.py has measured of a model.")] = TRANSFER,
    joints: Annotated[Path, typer.Option(help="What benchmarks/pose.py has measured of a pose network.")] = JOINTS,
) -> None:
    """Put a trained checkpoint, or a pose network, into the package."""
    if name == POSE_NET:
        cosine = pack_pose_net(checkpoint, joints=joints)
    else:
        cosine = pack(checkpoint, name, figures=unseen_figures(check_checkpoint(checkpoint), transfer)).cosine
    out.print(f"wrote {BOX / name}; smallest cosine to the original {cosine:.6f}", highlight=False)


if __name__ == "__main__":
    run(lambda: typer.run(main))
