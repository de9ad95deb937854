"""Engines that run a graph on the CPU; each is a function from the graph's inputs to its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.checkpoint_files import EngineName
from reseen.errors import ReseenError, one_line
from reseen.extras import need
from reseen.models.backends.backend import Precision
from reseen.precision import runs_bfloat16

Engine = Callable[[Sequence[NDArray[np.float32]]], Sequence[NDArray[np.float32]]]


def open_engine(name: EngineName, file: Path, precision: Precision) -> Engine:
    """Returns an engine with a graph in it.

    Args:
        name: ``onnx`` for ONNX Runtime, ``openvino`` for OpenVINO, which reads ONNX files as well.
        file: The graph.
        precision: Number format; bfloat16 only in OpenVINO, and on processors that compute in it themselves.

    Raises:
        ReseenError: If the engine is not installed, or cannot read the file.
    """
    need(name)
    return (_onnx if name == "onnx" else _openvino)(file, precision)


def _onnx(file: Path, precision: Precision) -> Engine:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common type but this
        raise ReseenError(f"ONNX Runtime cannot read {file}: {one_line(error)}; export it again") from error
    names = [each.name for each in session.get_inputs()]

    def run(inputs: Sequence[NDArray[np.float32]]) -> Sequence[NDArray[np.float32]]:
        outputs: Sequence[NDArray[np.float32]] = session.run(None, dict(zip(names, inputs, strict=True)))
        return outputs

    return run


def _openvino(file: Path, precision: Precision) -> Engine:
    import openvino

    low = precision == "bfloat16" and runs_bfloat16(torch.device("cpu"))
    settings: dict[str, Any] = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": "bf16" if low else "f32",  # by itself it computes in bfloat16 where it can
    }
    try:
        compiled = openvino.Core().compile_model(file, "CPU", settings)
    except RuntimeError as error:
        raise ReseenError(f"OpenVINO cannot read {file}: {one_line(error)}; export it again") from error

    def run(inputs: Sequence[NDArray[np.float32]]) -> Sequence[NDArray[np.float32]]:
        results = compiled(list(inputs))
        return [results[number].copy() for number in range(len(compiled.outputs))]

    return run
