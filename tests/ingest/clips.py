"""A clip of drawn persons who cross a square, and a detector that knows the square without them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image
from scipy.ndimage import find_objects, label

from reseen.ingest.people import People, Pixels
from tests.drawn import draw_person

HEIGHT, WIDTH = 240, 480
TALL, BROAD = 128, 64
RATE = 5


def square() -> Pixels:
    """Returns the empty square: dark grass, unlike the crops that are pasted onto it."""
    return np.broadcast_to(np.array([16, 52, 16], np.uint8), (HEIGHT, WIDTH, 3))


@dataclass(frozen=True)
class Walker:
    """Somebody who walks from the left to the right, or back where the speed is negative.

    Attributes:
        pid: Who.
        begin: The second at which they come in.
        speed: Pixels a second.
        top: Pixels of the frame above them.
    """

    pid: int
    begin: float
    speed: float
    top: int = 80

    def left(self, seconds: float) -> int:
        start = -BROAD if self.speed > 0 else WIDTH
        return round(start + self.speed * (seconds - self.begin))


@dataclass(frozen=True)
class Clip:
    """Frames and the truth about them.

    Attributes:
        frames: (H, W, 3) each.
        truth: Second and box of every frame a person is in, by pid.
    """

    frames: list[Pixels] = field(default_factory=list)
    truth: dict[int, list[tuple[float, np.ndarray]]] = field(default_factory=dict)


def film(walkers: list[Walker], seconds: float, rate: int = RATE) -> Clip:
    """Draws a clip; who is lower in the frame is in front."""
    clip = Clip()
    for number in range(round(seconds * rate)):
        now = number / rate
        frame = Image.fromarray(square().copy())
        for walker in sorted(walkers, key=lambda walker: walker.top):
            left = walker.left(now)
            if now < walker.begin or left <= -BROAD or left >= WIDTH:
                continue
            frame.paste(_drawn(int(now), walker.pid), (left, walker.top))
            box = [max(left, 0), walker.top, min(left + BROAD, WIDTH), walker.top + TALL]
            clip.truth.setdefault(walker.pid, []).append((now, np.array(box, np.float32)))
        clip.frames.append(np.asarray(frame))
    return clip


@cache
def _drawn(second: int, pid: int) -> Image.Image:
    """Returns somebody, who changes pose once a second."""
    return draw_person(second, pid, 1, (TALL, BROAD))


def write(clip: Clip, path: Path, rate: int = RATE) -> Path:
    """Writes a clip as a video of high quality."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.bit_rate = WIDTH, HEIGHT, 8_000_000
        for pixels in clip.frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


class Changes:
    """Finds what differs from the empty square: a detector for one camera that does not move."""

    name = "changes"

    def __init__(self) -> None:
        self.looked = 0

    def detect(self, picture: Pixels) -> People:
        self.looked += 1
        difference = np.abs(picture.astype(np.int16) - square()).max(axis=2)
        blobs, _ = label(difference > 40)
        boxes = [
            (columns.start, rows.start, columns.stop, rows.stop)
            for rows, columns in find_objects(blobs)
            if rows.stop - rows.start >= 48
        ]
        return People.of(boxes, np.full(len(boxes), 0.9))
