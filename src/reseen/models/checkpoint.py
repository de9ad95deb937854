"""A checkpoint is a folder: weights (safetensors), configuration (JSON), model card. Never pickle.

It may carry a distance that its descriptors are to be compared by; one that was learnt lies in a file of its own.
So does what distances mean: how probable they make it that two pictures show one person.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from pydantic import BaseModel
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file
from torch import nn

from reseen import models
from reseen.checkpoint_files import (
    CALIBRATION,
    CARD,
    CONFIG,
    MODEL_FILE,
    BackendName,
    EngineName,
    backend_of,
    check_model,
    graph_in,
)
from reseen.data.person import PersonImage
from reseen.descriptors.calibration import Calibration
from reseen.descriptors.distance import Distance, Euclidean, read_distance
from reseen.errors import ReseenError, one_line
from reseen.extras import need
from reseen.files import replacing, replacing_folder
from reseen.models.backends.exported import graph_backend, graph_files, on_engine
from reseen.models.backends.graph import GraphForm
from reseen.models.embedder import Embedder, EmbedderConfig

DISTANCE_FILE = "distance.safetensors"
Divisions = Mapping[str, Sequence[Mapping[str, Any]]]


def save(
    directory: Path,
    model: nn.Module,
    embedder: EmbedderConfig,
    *,
    card: str,
    distance: Distance | None = None,
    trained_on: Sequence[str] = (),
    divisions: Divisions | None = None,
    held_back: Mapping[str, Any] | None = None,
) -> None:
    """Writes a checkpoint folder; an existing one is replaced only once the new one is complete.

    Args:
        directory: The folder.
        model: A system with its configuration in ``model.config``.
        embedder: How pictures are prepared for it.
        card: The model card in Markdown.
        distance: What its descriptors are to be compared by; plain Euclidean distance by default.
        trained_on: Keys of the data sets it has seen persons of.
        divisions: How these were divided; see `reseen.checkpoint_files.divisions_of`.
        held_back: Which persons it has not; see `reseen.checkpoint_files.held_back`.
    """
    with replacing_folder(directory) as partial:
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
        save_file(weights, partial / MODEL_FILE)
        assert isinstance(model.config, BaseModel)
        content = {
            "model": model.config.model_dump(mode="json"),
            "weights": _digest(partial / MODEL_FILE),
            "divisions": dict(divisions or {}),
            "held_back": dict(held_back or {}),
        }
        _save_rest(partial, content, embedder, card, distance, trained_on)


def save_graph(
    directory: Path,
    form: GraphForm,
    written_for: EngineName,
    embedder: EmbedderConfig,
    *,
    card: str,
    distance: Distance | None = None,
    trained_on: Sequence[str] = (),
    divisions: Divisions | None = None,
    held_back: Mapping[str, Any] | None = None,
) -> None:
    """Makes a folder, in which a graph's files lie already, one that `load` reads.

    Args:
        directory: The folder.
        form: What goes into the graph and what comes out.
        written_for: The engine the graph was written for.
        embedder: As for `save`, like all that follows.
        card: The model card.
        distance: What descriptors are to be compared by.
        trained_on: Keys of the data sets it has seen persons of.
        divisions: How these were divided.
        held_back: Which persons it has not.
    """
    digests = {file.name: _digest(file) for file in graph_files(directory, written_for)}
    content = {
        "graph": form.model_dump(mode="json"),
        "files": digests,
        "divisions": dict(divisions or {}),
        "held_back": dict(held_back or {}),
    }
    _save_rest(directory, content, embedder, card, distance, trained_on)


def load(directory: str | Path, *, device: str | torch.device = "cpu", backend: BackendName | None = None) -> Embedder:
    """Loads a checkpoint folder, or one of `reseen export`.

    Args:
        directory: What `save` or `reseen export` wrote.
        device: Where to put the weights.
        backend: What is to run the model: ``torch``, ``onnx`` (ONNX Runtime) or ``openvino``, the last two on the CPU.
            By default what the folder was written for. A checkpoint that is to run on another one is exported first,
            which takes some seconds each time.

    A checkpoint is input like any other: loading reads this folder alone, never the network.

    Raises:
        ReseenError: If a file is missing or damaged, the weights do not fit the configuration or the distance not the
            descriptors, or the backend is not installed or does not run what is in the folder.

    Example:
        >>> import reseen
        >>> model = reseen.load("runs/aanet50-market1501-quick/last")  # doctest: +SKIP
    """
    directory = check_model(directory)
    written_for: BackendName = graph_in(directory) or "torch"
    backend = backend_of(backend) or written_for
    if backend == "torch":
        if written_for != "torch":
            raise ReseenError(f"{directory} is an exported graph, which PyTorch does not run: load the checkpoint")
        return _load_weights(directory, device)
    if torch.device(device).type != "cpu":
        raise ReseenError(f"backend {backend} runs on the CPU, not on {device}: leave out the device")
    need(backend)
    if written_for == "torch":
        need("export")
        return on_engine(_load_weights(directory, device), backend)
    return _load_graph(directory, written_for, backend)


def _load_graph(directory: Path, written_for: EngineName, engine: EngineName) -> Embedder:
    try:
        content: dict[str, Any] = json.loads((directory / CONFIG).read_text())
        for file in graph_files(directory, written_for):
            if not file.is_file() or content["files"][file.name] != _digest(file):
                raise ValueError(f"{file.name} is not the one that {CONFIG} was written for")
        config = EmbedderConfig.model_validate(content["embedder"])
        form = GraphForm.model_validate(content["graph"])
        distance = _load_distance(directory, content["distance"]) if "distance" in content else Euclidean()
        embedder = Embedder(graph_backend(directory, form, written_for, engine, config.precision), config, distance)
        embedder.calibration = _load_calibration(directory, embedder)
        embedder.embed([_blank(config.size)])  # which the graph has to take, and the distance to fit
    except (ReseenError, ValueError, KeyError, TypeError, AttributeError, SafetensorError, RuntimeError) as error:
        raise ReseenError(f"cannot load {directory}: {one_line(error)}; export or copy it again") from error
    return embedder


def _load_weights(directory: Path, device: str | torch.device) -> Embedder:
    if _is_pose_net(directory):
        raise ReseenError(
            f"{directory} holds a pose network, which tells no persons apart: give a checkpoint of reseen train "
            "(reseen pose --source takes this one)"
        )
    try:
        content: dict[str, Any] = json.loads((directory / CONFIG).read_text())
        if content["weights"] != _digest(directory / MODEL_FILE):
            raise ValueError(f"{MODEL_FILE} is not the one that {CONFIG} was written for")
        weights = load_file(directory / MODEL_FILE)
        for name, tensor in weights.items():
            if not tensor.isfinite().all():
                raise ValueError(f"weights {name} hold NaN or infinity")
        config = EmbedderConfig.model_validate(content["embedder"])
        distance = _load_distance(directory, content["distance"]) if "distance" in content else Euclidean()
        model = models.build(models.config_of(content["model"]))
        model.load_state_dict(weights)
        embedder = Embedder(model.eval().to(device).to(memory_format=torch.channels_last), config, distance)
        embedder.calibration = _load_calibration(directory, embedder)
        if distance != Euclidean():
            embedder.embed([_blank(config.size)])  # whose descriptor the distance has to fit
    except (ReseenError, ValueError, KeyError, TypeError, AttributeError, SafetensorError, RuntimeError) as error:
        raise ReseenError(f"cannot load checkpoint {directory}: {one_line(error)}; train or copy it again") from error
    return embedder


def _is_pose_net(directory: Path) -> bool:
    with suppress(ValueError, TypeError):  # which is told when it is loaded
        return "pose" in json.loads((directory / CONFIG).read_text())
    return False


def save_calibration(directory: Path, calibration: Calibration) -> None:
    """Writes what a checkpoint's distances mean into its folder, in place of what was there."""
    with replacing(directory / CALIBRATION) as partial:
        partial.write_text(calibration.model_dump_json(indent=1) + "\n")


def _load_calibration(directory: Path, embedder: Embedder) -> Calibration | None:
    if not (directory / CALIBRATION).is_file():
        return None
    calibration = Calibration.model_validate_json((directory / CALIBRATION).read_bytes())
    if calibration.model != embedder.digest:
        raise ValueError(f"{CALIBRATION} is of another model: calibrate this one with reseen calibrate")
    return calibration


def _save_rest(
    directory: Path,
    content: dict[str, Any],
    embedder: EmbedderConfig,
    card: str,
    distance: Distance | None,
    trained_on: Sequence[str],
) -> None:
    """Writes what a checkpoint and an exported graph have in common."""
    content = {**content, "embedder": embedder.model_dump(mode="json"), "trained_on": list(trained_on)}
    if distance is not None and distance != Euclidean():
        content["distance"] = _save_distance(directory, distance)
    (directory / CONFIG).write_text(json.dumps(content, indent=2) + "\n")
    (directory / CARD).write_text(card)


def _save_distance(directory: Path, distance: Distance) -> dict[str, Any]:
    """Writes what a distance has learnt, and returns what the configuration says of it."""
    arrays = distance.arrays()
    if not arrays:
        return {"settings": distance.model_dump(mode="json")}
    save_arrays(arrays, directory / DISTANCE_FILE)
    return {"settings": distance.model_dump(mode="json"), "arrays": _digest(directory / DISTANCE_FILE)}


def _load_distance(directory: Path, content: dict[str, Any]) -> Distance:
    if "arrays" not in content:
        return read_distance(content["settings"], {})
    if not (directory / DISTANCE_FILE).is_file():
        raise ValueError(f"it has no {DISTANCE_FILE}")
    if content["arrays"] != _digest(directory / DISTANCE_FILE):
        raise ValueError(f"{DISTANCE_FILE} is not the one that {CONFIG} was written for")
    return read_distance(content["settings"], load_arrays(directory / DISTANCE_FILE))


def _blank(size: tuple[int, int]) -> PersonImage:
    """A grey picture of nobody, (H, W)."""
    encoded = io.BytesIO()
    Image.new("RGB", (size[1], size[0]), "gray").save(encoded, "PNG")
    return PersonImage(encoded.getvalue())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
