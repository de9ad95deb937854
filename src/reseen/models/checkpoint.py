"""A checkpoint is a folder: weights (safetensors), configuration (JSON), model card. Never pickle."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from reseen import models
from reseen.checkpoint_files import CARD, CONFIG, MODEL_FILE, check_checkpoint
from reseen.errors import ReseenError, one_line
from reseen.models.embedder import Embedder, EmbedderConfig


def save(directory: Path, model: nn.Module, embedder: EmbedderConfig, *, card: str) -> None:
    """Writes a checkpoint folder; an existing one is replaced only once the new one is complete.

    Args:
        directory: The folder.
        model: A system with its configuration in ``model.config``.
        embedder: How pictures are prepared for it.
        card: The model card in Markdown.
    """
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, partial / MODEL_FILE)
    assert isinstance(model.config, BaseModel)
    config = {
        "model": model.config.model_dump(mode="json"),
        "embedder": embedder.model_dump(mode="json"),
        "weights": _digest(partial / MODEL_FILE),
    }
    (partial / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    (partial / CARD).write_text(card)
    shutil.rmtree(directory, ignore_errors=True)
    partial.replace(directory)


def load(directory: str | Path, *, device: str | torch.device = "cpu") -> Embedder:
    """Loads a checkpoint folder.

    Args:
        directory: What `save` wrote.
        device: Where to put the weights.

    A checkpoint is input like any other: loading reads this folder alone, never the network.

    Raises:
        ReseenError: If a file is missing or damaged, or the weights do not fit the configuration.

    Example:
        >>> import reseen
        >>> model = reseen.load("runs/aanet50-market1501-quick/last")  # doctest: +SKIP
    """
    directory = check_checkpoint(Path(directory))
    try:
        content: dict[str, Any] = json.loads((directory / CONFIG).read_text())
        if content["weights"] != _digest(directory / MODEL_FILE):
            raise ValueError(f"{MODEL_FILE} is not the one that {CONFIG} was written for")
        weights = load_file(directory / MODEL_FILE)
        for name, tensor in weights.items():
            if not tensor.isfinite().all():
                raise ValueError(f"weights {name} hold NaN or infinity")
        embedder = EmbedderConfig.model_validate(content["embedder"])
        model = models.build(models.config_of(content["model"]))
        model.load_state_dict(weights)
    except (ReseenError, ValueError, KeyError, TypeError, AttributeError, SafetensorError, RuntimeError) as error:
        raise ReseenError(f"cannot load checkpoint {directory}: {one_line(error)}; train or copy it again") from error
    return Embedder(model.eval().to(device).to(memory_format=torch.channels_last), embedder)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
