"""Detectors in OpenVINO's or ONNX' format that a user names, told apart by what they give."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.errors import ReseenError, one_line
from reseen.extras import need
from reseen.ingest.detectors.opencv import opencv
from reseen.ingest.people import People, Pixels

if TYPE_CHECKING:
    from reseen.ingest.detectors.detector import PersonDetector

_LEAST = 0.1
_OVERLAP = 0.6
_STRIDES = (8, 16, 32)
"""YOLOX' three grids, in pixels a cell."""
_GREY = 114


class OpenVinoBoxes:
    """Runs a detector on the CPU. Its input is one picture, BGR, 0-255, (1, 3, H, W).

    Two forms of output are known:

    - (1, 1, N, 7), the SSD form of Open Model Zoo's ``person-detection-…``: image, label, confidence, and left, top,
      right, bottom as shares of the picture, which is stretched to the input's size. Every row is a person.
    - (1, N, 5 + classes), YOLOX (Ge et al., 2021) as it is exported: x, y, log w, log h relative to the cells of three
      grids, objectness, classes, of which the first is the person. The picture keeps its shape, grey below or beside.

    Args:
        path: ``.xml`` beside its ``.bin``, or ``.onnx``.
        model: What OpenVINO has read from it.

    Raises:
        ReseenError: If it takes or gives something else.
    """

    def __init__(self, path: Path, model: Any) -> None:
        import openvino

        taken = model.inputs[0].get_partial_shape() if len(model.inputs) == 1 else None
        fixed = taken is not None and taken.rank.is_static and len(taken) == 4 and not taken[2].is_dynamic
        if taken is None or not fixed or taken[3].is_dynamic or str(taken[1]) != "3":
            raise ReseenError(f"detector {path} takes no picture of a fixed size: export it with an input (1, 3, H, W)")
        self._size = (taken[2].get_length(), taken[3].get_length())
        given = model.outputs[0].get_partial_shape() if len(model.outputs) == 1 else ()
        last = str(given[len(given) - 1]) if len(given) else ""
        if len(given) == 4 and last == "7":
            self._read, self._stretched = _read_ssd, True
        elif len(given) == 3 and last.isdigit() and int(last) > 5:
            self._read, self._stretched = _read_yolox, False
        else:
            shapes = ", ".join(str(output.get_partial_shape()) for output in model.outputs)
            raise ReseenError(f"detector {path} gives {shapes}: it has to give (1, 1, N, 7) or (1, N, 5 + classes)")
        weights = path.with_suffix(".bin")
        content = path.read_bytes() + (weights.read_bytes() if path.suffix == ".xml" else b"")
        self.name = f"{path.stem} {hashlib.sha256(content).hexdigest()[:8]}"
        model.reshape([1, 3, *self._size])
        threads = {"INFERENCE_NUM_THREADS": torch.get_num_threads()}
        self._compiled = openvino.Core().compile_model(model, "CPU", threads)

    def detect(self, picture: Pixels) -> People:
        cv2 = opencv()
        height, width = picture.shape[:2]
        shares = np.array([self._size[0] / height, self._size[1] / width])
        if not self._stretched:
            shares[:] = shares.min()
        size = np.round(np.array([height, width]) * shares).astype(int).clip(1)
        canvas = np.full((*self._size, 3), _GREY, np.uint8)
        canvas[: size[0], : size[1]] = cv2.resize(picture, (int(size[1]), int(size[0])))
        taken = canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)
        boxes, confidence = self._read(self._compiled(taken)[0], self._size)
        boxes = boxes / np.array([shares[1], shares[0]] * 2, np.float32)
        return People.of(boxes, confidence).sure(_LEAST).inside(picture).apart(_OVERLAP)


def open_openvino(path: Path) -> PersonDetector:
    """Returns the detector in a file; a pose network is one, too.

    Raises:
        ReseenError: If OpenVINO is not installed, or the file is no such network.
    """
    need("pose")
    import openvino

    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise ReseenError(f"cannot read detector {path}: {one_line(error)}") from error
    channels = {str(output.get_partial_shape()[1]) for output in model.outputs if len(output.get_partial_shape()) == 4}
    if channels >= {"19", "38"}:
        from reseen.ingest.detectors.pose_people import PosePeople
        from reseen.pose.openvino_network import OpenVinoNetwork

        return PosePeople(OpenVinoNetwork(path))
    need("ingest")
    return OpenVinoBoxes(path, model)


def _read_ssd(given: NDArray[Any], size: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    rows = given.reshape(-1, 7)
    ends = np.flatnonzero(rows[:, 0] < 0)  # the rest of the list is not filled
    rows = rows[: ends[0]] if len(ends) else rows
    return rows[:, 3:] * np.array([size[1], size[0]] * 2), rows[:, 2]


def _read_yolox(given: NDArray[Any], size: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    cells, strides = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((rows.size, 1), stride))
    corner, side = np.concatenate(cells), np.concatenate(strides)
    values = given[0]
    if len(values) != len(corner):
        raise ReseenError(f"the detector gives {len(values):,} boxes, YOLOX would give {len(corner):,}: it is another")
    centre, extent = (values[:, :2] + corner) * side, np.exp(values[:, 2:4]) * side
    return np.concatenate([centre - extent / 2, centre + extent / 2], axis=1), values[:, 4] * values[:, 5]
