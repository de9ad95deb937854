"""OpenVINO's human-pose-estimation-0001, or any network of its form: Lightweight OpenPose (Osokin 2018)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reseen.errors import ReseenError, one_line
from reseen.extras import need
from reseen.pose.maps import JOINTS, LIMBS, PoseMaps


class OpenVinoNetwork:
    """Runs a network in OpenVINO's format on the CPU; batch and size of its pictures are what they are given as.

    Args:
        path: The ``.xml`` beside its ``.bin``: a picture (BGR, 0-255) goes in, 19 confidence maps and 38 fields come
            out, whatever they are called.

    Raises:
        ReseenError: If OpenVINO is not installed, or the file is no such network.
    """

    def __init__(self, path: Path) -> None:
        need("pose")
        import openvino

        try:
            self._model = openvino.Core().read_model(path)
        except RuntimeError as error:
            raise ReseenError(f"cannot read pose network {path}: {one_line(error)}") from error
        channels = [output.get_partial_shape()[1].to_string() for output in self._model.outputs]
        try:
            self._order = [channels.index(str(count)) for count in (JOINTS + 1, 2 * len(LIMBS))]
        except ValueError:
            raise ReseenError(
                f"{path} is no pose network: it gives {' and '.join(channels)} channels, not 19 and 38"
            ) from None
        weights = path.with_suffix(".bin").read_bytes()
        self.name = f"{path.stem} {hashlib.sha256(path.read_bytes() + weights).hexdigest()[:8]}"
        self._compiled: dict[tuple[int, ...], Any] = {}

    def maps(self, pictures: Tensor) -> PoseMaps:
        shape = tuple(pictures.shape)
        if shape not in self._compiled:
            self._compiled = {shape: self._compile(shape)}  # a data set has one shape, and one more at its end
        colours = (pictures.flip(1) * 255).contiguous().numpy()
        results = self._compiled[shape](colours)
        confidence, affinity = (torch.from_numpy(results[number].copy()) for number in self._order)
        return PoseMaps(confidence, affinity)

    def _compile(self, shape: tuple[int, ...]) -> Any:
        import openvino

        self._model.reshape(list(shape))
        threads = {"INFERENCE_NUM_THREADS": torch.get_num_threads()}
        return openvino.Core().compile_model(self._model, "CPU", threads)
