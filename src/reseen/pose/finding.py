"""The joints of a whole data set, in a file that grows as they are found."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from reseen.data.annotations.joints_file import place_of, read_joints, source_of, write_joints
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.pose.source import Points, PoseSource
from reseen.progress import Progress

_KEPT = 1024
"""Images after which the file is written: what a process that is killed may cost."""


def find_joints(
    images: Sequence[PersonImage],
    source: PoseSource,
    path: Path,
    *,
    batch_size: int = 32,
    progress: Progress | None = None,
) -> int:
    """Writes the joints of images to a file; called again, it goes on where it stopped.

    Args:
        images: All images of a data set.
        source: Where the joints come from.
        path: The Parquet file, which `reseen.data.annotations.joints_file` reads.
        batch_size: Images at once.
        progress: Told how many have their joints.

    Returns:
        How many were looked for; the others stood there already.

    Raises:
        ReseenError: If the file holds joints of another source or other images, or the source has none of an image.
    """
    wanted = {place_of(image): image for image in images}
    found = _started(path, source, wanted)
    missing = [(place, image) for place, image in wanted.items() if place not in found]
    unsaved = 0
    try:
        for start in range(0, len(missing), batch_size):
            batch = missing[start : start + batch_size]
            places, pictures = zip(*batch, strict=True)
            found |= zip(places, source.joints(pictures), strict=True)
            unsaved += len(batch)
            if unsaved >= _KEPT:
                write_joints(path, found, source=source.name)
                unsaved = 0
            if progress:
                progress(len(found), len(wanted))
    finally:  # also if it is interrupted, or a picture cannot be read
        if unsaved or not wanted:
            write_joints(path, {place: found[place] for place in wanted if place in found}, source=source.name)
    return len(missing)


def _started(path: Path, source: PoseSource, places: Container[str]) -> dict[str, Points]:
    if not path.exists():
        return {}
    found, before = read_joints(path), source_of(path)
    if before != source.name:
        raise ReseenError(f"{path} has joints by {before or 'something else'}, not by {source.name}; name a new file")
    other = next((place for place in found if place not in places), None)
    if other is not None:
        raise ReseenError(f"{path} has joints of {other}, which is not in this data set; name a new file")
    return found
