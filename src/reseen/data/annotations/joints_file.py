"""A file of joints that the images of any data set can take.

Parquet with the columns ``image`` and ``keypoints``: the image's path, and 54 numbers, x and y in its pixels (the
first pixel's centre is 0) and confidence of the 18 joints of `COCO18`. The skeleton's name stands in the metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from reseen.data.person import PersonImage, Split
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError
from reseen.files import replacing

Joints = Mapping[str, NDArray[np.float32]]
"""Keypoints (18, 3) by image."""

_SKELETON = b"skeleton"
_SOURCE = b"source"


def attach_joints_file(split: Split, path: Path) -> Split:
    """Returns a data set whose images have the joints of a file, and no others.

    Images are found by as much of the end of their path as tells them apart: the file's name alone where no two are
    called the same. So the data may have moved since, or have been put into a zip.

    Raises:
        ReseenError: If the file is none of joints, or does not have every image of the data set.
    """
    return attach_named_joints(split, read_joints(path), path)


def attach_named_joints(split: Split, joints: Joints, path: Path) -> Split:
    """Returns a data set whose images have the joints that were read from a file, found as by `attach_joints_file`.

    Raises:
        ReseenError: If there are none of an image.
    """
    images = [image for part in split.parts().values() for image in part]
    depth = _depth(list(joints), list(dict.fromkeys(place_of(image) for image in images)), path)
    named = {_end(name, depth): points for name, points in joints.items()}
    missing = [image for image in images if _end(place_of(image), depth) not in named]
    if missing:
        raise ReseenError(
            f"{path} has no joints of {len(missing):,} of {len(images):,} images, first: {missing[0].name}; "
            "make it from this data set"
        )

    def attach(part: Sequence[PersonImage]) -> tuple[PersonImage, ...]:
        return tuple(replace(image, keypoints=named[_end(place_of(image), depth)]) for image in part)

    return replace(split, train=attach(split.train), query=attach(split.query), gallery=attach(split.gallery))


def write_joints(path: Path, joints: Joints, *, source: str = "") -> None:
    """Writes joints (18, 3) by image: its path on disk or in its archive.

    Args:
        path: The Parquet file.
        joints: What to write.
        source: What found them; `source_of` tells.

    Raises:
        ReseenError: If joints have another shape.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, points in joints.items():
        if points.shape != (len(COCO18), 3):
            raise ReseenError(f"joints of {name} have shape {points.shape} instead of ({len(COCO18)}, 3)")
    values = np.array([points.ravel() for points in joints.values()], np.float32).ravel()
    columns = {
        "image": pa.array(list(joints), pa.string()),
        "keypoints": pa.FixedSizeListArray.from_arrays(pa.array(values, pa.float32()), len(COCO18) * 3),
    }
    table = pa.table(columns).replace_schema_metadata({_SKELETON: COCO18.name, _SOURCE: source})
    with replacing(path) as partial:
        pq.write_table(table, partial, compression="zstd")


def read_joints(path: Path) -> dict[str, NDArray[np.float32]]:
    """Returns joints (18, 3) by image.

    Raises:
        ReseenError: If the file is missing, none of joints, or not finite.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        raise ReseenError(f"there is no file of joints {path}; reseen pose makes one")
    try:
        table = pq.read_table(path)
        skeleton = (table.schema.metadata or {}).get(_SKELETON, b"").decode()
        if skeleton != COCO18.name:
            raise ValueError(f"its skeleton is {skeleton or 'not named'}, not {COCO18.name}")
        values = table["keypoints"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        points = values.astype(np.float32).reshape(table.num_rows, len(COCO18), 3)
        if not np.isfinite(points).all():
            raise ValueError("some are NaN or infinite")
        names = table["image"].to_pylist()
        if len(set(names)) < len(names):
            raise ValueError("an image stands there twice")
        return dict(zip(names, points, strict=True))
    except (OSError, pa.ArrowInvalid, KeyError, ValueError, AttributeError) as error:
        raise ReseenError(f"cannot read joints from {path}: {str(error).splitlines()[0]}") from error


def source_of(path: Path) -> str:
    """Returns what found the joints in a file that can be read; nothing if it does not say."""
    import pyarrow.parquet as pq

    metadata: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
    return metadata.get(_SOURCE, b"").decode()


def place_of(image: PersonImage) -> str:
    """Returns where an image lies on disk or in its archive."""
    return image.path.as_posix() if isinstance(image.path, Path) else image.name


def _depth(rows: Sequence[str], images: Sequence[str], path: Path) -> int:
    """Returns how many parts of their paths tell the rows of a file apart, and the images."""
    longest = max((len(PurePath(name).parts) for name in (*rows, *images)), default=1)
    for depth in range(1, longest + 1):
        if all(len({_end(name, depth) for name in names}) == len(names) for names in (rows, images)):
            return depth
    raise ReseenError(f"{path} has joints of one image twice; make it again")


def _end(name: str, depth: int) -> str:
    return "/".join(PurePath(name).parts[-depth:])
