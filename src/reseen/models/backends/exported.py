"""Graphs that stand in for a system's weights: one in a folder, or one made for this moment."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from reseen.checkpoint_files import GRAPH_FILES, EngineName
from reseen.errors import ReseenError
from reseen.extras import need
from reseen.models.backends.backend import Precision, TorchBackend
from reseen.models.backends.engines import open_engine
from reseen.models.backends.graph import GraphForm, form_of, write_onnx
from reseen.models.backends.graph_backend import GraphBackend
from reseen.models.embedder import Embedder


def graph_files(folder: Path, written_for: EngineName) -> list[Path]:
    """Returns the files of a folder's graph: OpenVINO's has its weights beside it."""
    file = folder / GRAPH_FILES[written_for]
    return [file, file.with_suffix(".bin")] if written_for == "openvino" else [file]


def graph_backend(
    folder: Path, form: GraphForm, written_for: EngineName, engine: EngineName, precision: Precision
) -> GraphBackend:
    """Returns a backend that runs the graph in a folder.

    Args:
        folder: The folder.
        form: What goes into the graph and what comes out.
        written_for: Engine that the graph was written for.
        engine: Engine to run it in.
        precision: Number format, see `open_engine`.

    Raises:
        ReseenError: If the engine is not installed, or does not read such graphs.
    """
    if (engine, written_for) == ("onnx", "openvino"):
        raise ReseenError(f"{folder} is a graph of OpenVINO's, which ONNX Runtime does not read: export it --to onnx")
    return GraphBackend(form, open_engine(engine, folder / GRAPH_FILES[written_for], precision))


def on_engine(embedder: Embedder, engine: EngineName) -> Embedder:
    """Returns the same model on another engine: exported here and now, which takes some seconds.

    Raises:
        ReseenError: If an engine or an exporter is not installed, or the system cannot be exported.
    """
    need("export")
    backend, config = embedder.backend, embedder.config
    assert isinstance(backend, TorchBackend)
    with TemporaryDirectory(prefix="reseen-") as folder:
        form = form_of(backend.model, config.size)
        write_onnx(backend.model, form, config.size, Path(folder) / GRAPH_FILES["onnx"])
        there = graph_backend(Path(folder), form, "onnx", engine, config.precision)
    moved = Embedder(there, config, embedder.distance)
    moved.calibration = embedder.calibration
    return moved
