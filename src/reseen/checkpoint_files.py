"""What lies in a checkpoint's folder; known down here, so that a wrong path is told before PyTorch is imported."""

from __future__ import annotations

from pathlib import Path

from reseen.errors import ReseenError

CONFIG, CARD = "config.json", "README.md"
MODEL_FILE = "model.safetensors"
"""Weights of a whole system."""


def check_checkpoint(folder: Path) -> Path:
    """Returns the folder if it has the files of a checkpoint.

    Raises:
        ReseenError: If it has not; names the first that is missing.
    """
    for name in (CONFIG, MODEL_FILE):
        if not (folder / name).is_file():
            raise ReseenError(f"{folder} is not a checkpoint: it has no {name}; give a folder `reseen train` wrote")
    return folder
