"""Frames of a video with the time of each.

PyAV reads them: its frames carry the time at which they are to be shown, which
clips of surveillance cameras need, whose rate changes; OpenCV's reader only counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reseen.errors import ReseenError, ReseenWarning, one_line
from reseen.extras import need
from reseen.ingest.people import Pixels

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv"})


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One picture of a video.

    Attributes:
        seconds: When, since the first frame.
        pixels: (H, W, 3) upright.
    """

    seconds: float
    pixels: Pixels


class Video:
    """A video file.

    Args:
        path: The file.

    Attributes:
        path: The file.
        seconds: How long it is, or 0 if it does not say.

    Raises:
        ReseenError: If it cannot be read or shows nothing.
    """

    def __init__(self, path: Path) -> None:
        need("ingest")
        import av

        self.path = path
        try:
            with av.open(str(path)) as container:
                if not container.streams.video:
                    raise ReseenError(f"{path} has no pictures, only {_kinds(container)}; name a video")
                stream = container.streams.video[0]
                own = (
                    None if stream.duration is None or stream.time_base is None else stream.duration * stream.time_base
                )
                self.seconds = float(own if own is not None else (container.duration or 0) / av.time_base)
        except (av.FFmpegError, OSError) as error:
            why = error.strerror or one_line(error)
            raise ReseenError(f"cannot read video {path}: {why}; name a video, a folder or zip of pictures") from error

    def frames(self, rate: float) -> Iterator[Frame]:
        """Yields at most so many frames a second, evenly spread.

        Frames that cannot be decoded are left out, and counted in a warning.

        Raises:
            ReseenError: If not one can be decoded, or the file breaks off.
        """
        import av

        first: float | None = None
        due, broken = 0.0, 0
        try:
            with av.open(str(self.path)) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                for packet in container.demux(stream):
                    try:
                        decoded = packet.decode()
                    except av.InvalidDataError:
                        broken += 1
                        continue
                    for frame in decoded:
                        if frame.pts is None:
                            broken += 1
                            continue
                        first = frame.time if first is None else first
                        if frame.time - first >= due - 1e-6:
                            due = (np.floor((frame.time - first) * rate + 1e-6) + 1) / rate
                            pixels = frame.to_ndarray(format="rgb24")
                            yield Frame(frame.time - first, np.rot90(pixels, round(frame.rotation / 90) % 4))
        except (av.FFmpegError, OSError) as error:
            raise ReseenError(f"cannot read video {self.path}: {one_line(error)}") from error
        if first is None:
            raise ReseenError(f"{self.path} has no frame that can be decoded; is it whole?")
        if broken:
            warnings.warn(f"{self.path}: {broken:,} frames are damaged and left out", ReseenWarning, stacklevel=2)


def is_video(path: Path) -> bool:
    """Whether a file's name is a video's."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def _kinds(container: object) -> str:
    streams = getattr(container, "streams", ())
    return " and ".join(sorted({stream.type for stream in streams})) or "nothing"
