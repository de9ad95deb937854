"""Pictures of several people: which of them is meant is asked, and their crops wait in memory for the answer."""

from __future__ import annotations

import io
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from reseen.data.person import PersonImage
from reseen.ingest.detectors.detector import PersonDetector, open_detector, people_in, pixels_of
from reseen.ingest.people import People, Pixels, crop_of

if TYPE_CHECKING:
    from reseen.app.state.users import User

_WAITING = 64
"""So many pictures wait; whoever has not chosen by then sends theirs again."""
_SLIM = 0.75
"""Width by height up to which a picture is taken for one person's, cropped already."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in a picture.

    Attributes:
        reference: Names the crop, to search by it: ``crop:TOKEN.PLACE``.
        box: Left, top, right and bottom in pixels of the picture.
        confidence: The detector's.
    """

    reference: str
    box: tuple[float, float, float, float]
    confidence: float


class _OneAtATime:
    """A detector that threads share."""

    def __init__(self, detector: PersonDetector) -> None:
        self._detector, self._lock = detector, threading.Lock()

    @property
    def name(self) -> str:
        return self._detector.name

    def detect(self, picture: Pixels) -> People:
        with self._lock:
            return self._detector.detect(picture)


class Choices:
    """Finds the people in pictures, and keeps their crops for whoever has sent them. Nothing is written to disk.

    Args:
        detector: How `open_detector` is told of one; empty: pictures are taken as they are.

    Raises:
        ReseenError: If there is no such detector.
    """

    def __init__(self, detector: str) -> None:
        self._detector: PersonDetector | None = _OneAtATime(open_detector(detector)) if detector else None
        self._lock = threading.Lock()
        self._waiting: OrderedDict[tuple[str, str], list[bytes]] = OrderedDict()

    @property
    def detector(self) -> PersonDetector | None:
        """What finds people, for videos too; None: nothing does."""
        return self._detector

    def among(self, user: User, data: bytes) -> list[Candidate]:
        """Returns the people in a picture from left to right; empty if it is one person's, or nobody looks for them."""
        image = PersonImage(data).open()
        if self._detector is None or image.width <= _SLIM * image.height:
            return []
        people = people_in(image, self._detector)
        pixels, token = pixels_of(image), secrets.token_urlsafe(9)
        crops = [_encoded(Image.fromarray(crop_of(pixels, box))) for box in people.boxes]
        self._wait(user, token, crops)
        return [
            Candidate(f"crop:{token}.{place}", (float(a), float(b), float(c), float(d)), float(confidence))
            for place, ((a, b, c, d), confidence) in enumerate(zip(people.boxes, people.confidence, strict=True))
        ]

    def keep(self, user: User, data: bytes) -> str:
        """Lets a picture wait as it is, while it is asked who is meant in another one; returns its reference."""
        token = secrets.token_urlsafe(9)
        self._wait(user, token, [data])
        return f"crop:{token}.0"

    def _wait(self, user: User, token: str, crops: list[bytes]) -> None:
        with self._lock:
            self._waiting[user.name, token] = crops
            while len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)

    def crop(self, user: User, token: str, place: int) -> bytes | None:
        """Returns one of the crops that somebody was shown, or None if it waits no longer, or not for them."""
        with self._lock:
            crops = self._waiting.get((user.name, token), [])
        return crops[place] if place < len(crops) else None


def _encoded(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
