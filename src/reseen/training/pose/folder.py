"""What the folder of a pose network's training says of the run in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line

CONFIG = "training.json"


def check_folder(folder: Path, told: Mapping[str, Any], *, resume: bool) -> None:
    """Makes sure that a folder is free for a run, or holds the one that is to go on.

    Args:
        folder: The run's.
        told: What the run is by now known to do: ``settings``, ``images``, ``teacher``, or some of these.
        resume: Whether it goes on.

    Raises:
        ReseenError: If the folder is not empty, or its run does something else.
    """
    if not resume:
        if folder.exists() and any(folder.iterdir()):
            raise ReseenError(f"{folder} is not empty: go on with --resume, or choose another --out")
        return
    try:
        before = json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise ReseenError(
            f"nothing to resume in {folder}: {one_line(error)}; leave out --resume to start anew"
        ) from error
    if other := next((key for key, value in told.items() if before.get(key) != value), None):
        raise ReseenError(f"{folder} was begun with other {other}: give the same, or choose another --out")


def note_run(folder: Path, told: Mapping[str, Any]) -> None:
    """Writes what a run does into its folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(told, indent=2) + "\n")
