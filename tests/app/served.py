"""A small gallery of drawn persons, and the application on it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch

from reseen import models
from reseen.app.settings import Settings
from reseen.data.person import PersonImage
from reseen.models import checkpoint
from reseen.models.embedder import EmbedderConfig
from reseen.search.gallery import Gallery
from tests.drawn import draw_person

PERSONS, CAMERAS = 4, 3
CARD = "# A card\n\n<b>bold</b>\n\n![a curve](curve.png)\n"


def jpeg(pid: int, camera: int, seed: int = 0) -> bytes:
    """Returns an encoded drawn person."""
    file = io.BytesIO()
    draw_person(seed, pid, camera).save(file, "JPEG", quality=95)
    return file.getvalue()


def write_checkpoint(folder: Path, seed: int = 0) -> Path:
    """Writes a tiny untrained model."""
    torch.manual_seed(seed)
    config = models.config_of({"system": "aanet", "backbone": "test_resnet", "num_identities": 4, "num_parts": 2})
    checkpoint.save(folder, models.build(config), EmbedderConfig(size=(64, 32)), card=CARD)
    return folder


def write_gallery(folder: Path) -> Settings:
    """Writes a tiny untrained checkpoint and a gallery: persons 1 to 4, each once in cameras 1 to 3, 100 s apart."""
    embedder = checkpoint.load(write_checkpoint(folder / "last"))
    places = [(pid, camera) for pid in range(1, PERSONS + 1) for camera in range(1, CAMERAS + 1)]
    pictures = [jpeg(*place) for place in places]
    embedded = embedder.embed([PersonImage(data, *place) for data, place in zip(pictures, places, strict=True)])
    with Gallery.open(folder / "hall") as gallery:
        seconds = np.arange(len(places)) * 100.0
        gallery.add(embedded, schema=embedder.schema, seconds=seconds, source="tour", pictures=pictures)
    return Settings(gallery=folder / "hall", checkpoint=folder / "last", device="cpu")
