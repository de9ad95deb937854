"""Writing the labels beside rendered images: attributes as Lin et al. publish them, body-part masks and joints."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.sets.rendered.labels import JOINTS, Part

_FIELDS = {"clothes": "lower_type", "down": "lower_length", "up": "sleeve"}
"""Attribute by the field of ``market_attribute.mat`` where they are not called the same."""
_ORDER = {
    "test": (
        "age backpack bag handbag clothes down up hair hat gender "
        "upblack upwhite upred uppurple upyellow upgray upblue upgreen "
        "downblack downwhite downpink downpurple downyellow downgray downblue downgreen downbrown"
    ),
    "train": (
        "age backpack bag handbag "
        "downblack downblue downbrown downgray downgreen downpink downpurple downwhite downyellow "
        "upblack upblue upgreen upgray uppurple upred upwhite upyellow clothes down up hair hat gender"
    ),
}
"""The fields as Lin et al. have them; programs that count them rely on it."""
_TEXT = "keypoints"
_PALETTE = {
    Part.BACKGROUND: (0, 0, 0),
    Part.FACE: (255, 200, 160),
    Part.HAIR: (120, 70, 20),
    Part.UPPER: (220, 40, 40),
    Part.LOWER: (40, 80, 220),
    Part.ARMS: (255, 150, 90),
    Part.LEGS: (200, 120, 80),
    Part.SHOES: (160, 160, 160),
    Part.HAT: (240, 220, 40),
    Part.BACKPACK: (40, 180, 80),
    Part.BAG: (150, 60, 200),
    Part.HANDBAG: (40, 200, 220),
}
"""What a viewer shows for each part."""


def encode_attributes(parts: Mapping[str, Mapping[int, Mapping[str, int]]]) -> bytes:
    """Returns a ``market_attribute.mat``, field by field as Lin et al.'s for Market-1501.

    Args:
        parts: For ``test`` and ``train``: class index by attribute name by pid.
    """
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, {"market_attribute": {part: _struct(fields.split(), parts[part]) for part, fields in _ORDER.items()}})
    # The header ends in the time of writing; the same data set should be the same bytes.
    return b"MATLAB 5.0 MAT-file".ljust(116) + file.getvalue()[116:]


def _struct(fields: Sequence[str], labels: Mapping[int, Mapping[str, int]]) -> dict[str, NDArray[np.generic]]:
    """Returns (1, N) a field."""
    pids = sorted(labels)
    values = {field: [_value(field, labels[pid]) for pid in pids] for field in fields}
    struct: dict[str, NDArray[np.generic]] = {
        field: np.array(row, dtype=np.uint8).reshape(1, -1) for field, row in values.items()
    }
    struct["image_index"] = np.array([f"{pid:04d}" for pid in pids], dtype=object).reshape(1, -1)
    return struct


def _value(field: str, labels: Mapping[str, int]) -> int:
    """Returns class index + 1, 0 if unknown; a colour has a field of its own, 2 where it is worn."""
    for prefix, name in (("up", "upper_color"), ("down", "lower_color")):
        if field.startswith(prefix) and field != prefix:
            return 1 + (labels.get(name) == MARKET1501_SCHEMA[name].index(field.removeprefix(prefix)))
    return 1 + labels.get(_FIELDS.get(field, field), -1)


def encode_mask(parts: NDArray[np.uint8], keypoints: NDArray[np.float32]) -> bytes:
    """Returns a PNG of the body parts that also carries the joints: all labels of an image come in one file.

    Args:
        parts: (H, W) values of `Part`.
        keypoints: (18, 3) x, y in pixels and visibility; kept to a hundredth of a pixel.
    """
    picture = Image.frombytes("P", (parts.shape[1], parts.shape[0]), np.ascontiguousarray(parts).tobytes())
    picture.putpalette([value for part in Part for value in _PALETTE[part]])
    text = PngInfo()
    text.add_text(_TEXT, json.dumps(np.round(keypoints.astype(np.float64), 2).tolist()))
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=text)
    return file.getvalue()


def decode_joints(mask: Path) -> NDArray[np.float32]:
    """Returns the joints (18, 3) that a mask carries."""
    with Image.open(mask) as picture:
        return np.array(json.loads(picture.info[_TEXT]), dtype=np.float32)


def encode_keypoints(masks: Iterable[tuple[str, Path]]) -> bytes:
    """Returns a Parquet file with the joints that the masks carry.

    Its columns are ``image`` and ``keypoints``: 54 numbers, x, y and visibility of 18 joints.

    Args:
        masks: Image as it is to be called in the file, and its mask.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    joints = {name: decode_joints(mask) for name, mask in masks}
    values = pa.array(np.concatenate([points.ravel() for points in joints.values()]))
    columns = {
        "image": pa.array(joints, pa.string()),
        "keypoints": pa.FixedSizeListArray.from_arrays(values, JOINTS * 3),
    }
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()
