"""A tiny model beside pictures: what the stage and Ray are given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from reseen import models
from reseen.models import checkpoint
from reseen.models.embedder import EmbedderConfig
from tests.search.gallery.persons import png


def furnish(place: Path, pictures: Mapping[str, int]) -> Path:
    """Writes a checkpoint ``last`` and a folder ``pictures`` into a folder, and returns it.

    Args:
        place: The folder.
        pictures: Seed of each picture, by its name.
    """
    torch.manual_seed(0)
    config = models.config_of({"system": "aanet", "backbone": "test_resnet", "num_identities": 4, "num_parts": 2})
    checkpoint.save(place / "last", models.build(config), EmbedderConfig(size=(64, 32), flip=False), card="")
    (place / "pictures").mkdir()
    for name, seed in pictures.items():
        (place / "pictures" / name).write_bytes(png(seed))
    return place
