"""Graphs of 8-bit integers: NNCF makes OpenVINO's, ONNX Runtime its own; ranges are measured on pictures."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.checkpoint_files import EngineName
from reseen.data.images.decoding import Skipped, decode_all
from reseen.data.images.preparation import largest, prepare
from reseen.data.person import PersonImage
from reseen.models.backends.graph import GraphForm
from reseen.models.embedder import EmbedderConfig

PICTURES = 300
"""How many the ranges are measured on; more hardly change them (Krishnamoorthi 2018)."""


def write_graph(onnx_file: Path, file: Path, written_for: EngineName, calibration: Sequence[dict[str, Any]]) -> None:
    """Turns an ONNX file into the one that is kept, with eight bits if there is anything to measure ranges on.

    Args:
        onnx_file: The graph as it was exported.
        file: The file to write; may be the same.
        written_for: The engine that is to run it.
        calibration: Inputs by name, of pictures one by one; none to keep 32 bits.
    """
    if written_for == "openvino":
        import openvino
        from openvino.passes import ConstantFolding, Manager

        model = openvino.Core().read_model(onnx_file)
        folding = Manager()
        folding.register_pass(ConstantFolding())  # else what asks for a weight's shape keeps its 32 bits beside the 8
        folding.run_passes(model)
        openvino.save_model(_by_nncf(model, calibration) if calibration else model, file, compress_to_fp16=False)
    elif calibration:
        _by_onnxruntime(onnx_file, calibration)


def inputs_of(form: GraphForm, config: EmbedderConfig, images: Sequence[PersonImage]) -> Iterator[dict[str, Any]]:
    """Yields what a graph is given of each image, by input."""
    size = largest(config.size, form.views)
    for picture in decode_all(images, size, Skipped(len(images))):
        batch = prepare(torch.from_numpy(picture.pixels.copy())[None], config.size, extra_sizes=form.views)
        tensors = (batch.images, *(batch.views[name] for name in form.views))
        arrays: list[NDArray[np.float32]] = [each.contiguous().numpy() for each in tensors]
        yield dict(zip(form.inputs, arrays, strict=True))


def _by_nncf(model: Any, calibration: Sequence[dict[str, Any]]) -> Any:
    """Quantises the convolutions, where nearly all the work is; what comes after them stays exact."""
    import nncf

    nncf.set_log_level("ERROR")
    with redirect_stdout(io.StringIO()):  # its bars
        return nncf.quantize(
            model,
            nncf.Dataset(calibration),
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=nncf.IgnoredScope(types=["MatMul"], validate=False),
            subset_size=len(calibration),
        )


def _by_onnxruntime(file: Path, calibration: Sequence[dict[str, Any]]) -> None:
    """Quantises the convolutions, as `_by_nncf` does."""
    from onnxruntime.quantization import QuantFormat, QuantType, quant_pre_process, quantize_static

    whole = file.with_suffix(".float.onnx")
    quant_pre_process(file, whole, skip_symbolic_shape=True)  # folds batch norms into the convolutions
    logging.disable(logging.WARNING)  # the root logger is told of every bias that a graph computes
    try:
        quantize_static(
            whole,
            file,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
        )
    finally:
        logging.disable(logging.NOTSET)
    whole.unlink()


class _Reader:
    """Gives the calibrating run one picture after the other, and None at the end."""

    def __init__(self, calibration: Sequence[dict[str, Any]]) -> None:
        self._rest = iter(calibration)

    def get_next(self) -> dict[str, Any] | None:
        return next(self._rest, None)
