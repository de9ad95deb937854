"""Rows whose recipes train in a second, in a working folder of their own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from reseen.training.reproduce.rows import Row
from reseen.training.reproduce.running import Reproduction

PAPER = "Somebody (nowhere)"


def row_of(folder: Path, root: Path | None, name: str = "tiny", *, start: str | None = None, **options: Any) -> Row:
    """Writes a recipe into a folder, and returns a row for it.

    Args:
        folder: The working folder.
        root: The data's.
        name: Of the recipe.
        start: Where its backbone starts from.
        options: Of the row; ``recipe``: other content of the recipe.
    """
    content: dict[str, Any] = {
        "name": name,
        "data": {"name": "market1501", "size": [64, 32], **({"root": str(root)} if root else {})},
        "model": {"system": "ide", "backbone": "test_resnet", "neck": "bnneck"},
        "precision": "32-true",
        "phases": [
            {
                "epochs": 1,
                "sampler": {"kind": "identities", "persons": 4, "images_per_person": 2},
                "objective": {"terms": [{"kind": "identity"}]},
            }
        ],
        **({"init": {"backbone": start}} if start else {}),
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content | options.pop("recipe", {})))
    return Row(str(path), PAPER, f"row {name}", **options)


def reproduction(**options: Any) -> Reproduction:
    """Returns what runs them, on the CPU and without a word."""
    return Reproduction(accelerator="cpu", console=Console(file=io.StringIO()), **options)
