"""How a user names where joints come from: looked at without PyTorch, so that a typo is told at once."""

from __future__ import annotations

from pathlib import Path

from reseen.checkpoint_files import POSE_NET, TRAIN_POSE, check_checkpoint, unboxed
from reseen.errors import ReseenError

OWN = "own"
"""The data set's own joints."""
KINDS = (
    f"give {OWN}, a file of joints (.parquet), COCO keypoints (.json), an OpenVINO network (.xml), "
    f"the folder of a trained pose network, or {POSE_NET}, which comes with the package"
)


def check_source(wanted: str) -> Path:
    """Returns where a source lies that is not `OWN`.

    Args:
        wanted: A file, the folder of a pose network, or ``pose-net``: `reseen.checkpoint_files.unboxed`.

    Raises:
        ReseenError: If nothing is there, or a folder that holds no trained network.
    """
    path = unboxed(wanted)
    if not path.exists():
        raise ReseenError(f"there is no pose source {wanted}; {KINDS}")
    return check_checkpoint(path, command=TRAIN_POSE) if path.is_dir() else path
