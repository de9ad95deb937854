"""From frames to tracks: who was seen from when to when, and the crops that may show them best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reseen.ingest.crops import Crop, make_crop, wholeness
from reseen.ingest.people import People
from reseen.ingest.tracker import LOST, Tracker
from reseen.ingest.video import Frame

_STRETCHES = 24
"""Candidates of a track; a longer one is cut into longer stretches."""
_SHORTEST = 3
"""Frames in which somebody is seen, at least: what comes and goes sooner is hardly a person."""


@dataclass(slots=True)
class Track:
    """One person, as long as they are not lost sight of.

    Attributes:
        number: From 1, in the order in which tracks begin.
        places: Second and box (4,) for every frame they are seen in.
        candidates: The best crop of each stretch of time, by the stretch's number.
        stretch: Seconds.
    """

    number: int
    places: list[tuple[float, NDArray[np.float32]]] = field(default_factory=list)
    candidates: dict[int, Crop] = field(default_factory=dict)
    stretch: float = 0.5

    @property
    def first(self) -> float:
        """The second in which they are first seen."""
        return self.places[0][0]

    @property
    def last(self) -> float:
        """The second in which they are last seen."""
        return self.places[-1][0]

    def offer(self, crop: Crop) -> None:
        """Keeps a crop if it is the best one of its stretch of time."""
        place = int(crop.seconds // self.stretch)
        if place not in self.candidates or crop.quality > self.candidates[place].quality:
            self.candidates[place] = crop
        if len(self.candidates) > _STRETCHES:
            held, self.candidates = self.candidates, {}
            self.stretch *= 2
            for own in held.values():
                self.offer(own)


def follow(
    frames: Iterable[Frame], find: Callable[[Frame], People], tracker: Tracker, *, smallest: float
) -> Iterator[Track]:
    """Yields the tracks of a video, each when its person is gone.

    Args:
        frames: In order.
        find: Detects everybody in a frame.
        tracker: Follows them.
        smallest: Persons lower than so many pixels are followed, but no crop is made of them.
    """
    alive: dict[int, Track] = {}
    for frame in frames:
        people = find(frame)
        numbers = tracker.update(people, frame.seconds)
        whole = wholeness(people.boxes, frame.pixels.shape[:2])
        for row in np.flatnonzero(numbers >= 0):
            number, box = int(numbers[row]), people.boxes[row]
            track = alive.setdefault(number, Track(number + 1))
            track.places.append((frame.seconds, box))
            if box[3] - box[1] >= smallest:
                track.offer(
                    make_crop(
                        frame.pixels,
                        box,
                        seconds=frame.seconds,
                        confidence=float(people.confidence[row]),
                        whole=float(whole[row]),
                    )
                )
        for number in [number for number, track in alive.items() if frame.seconds - track.last > 2 * LOST]:
            yield from _worth(alive.pop(number))
    for track in alive.values():
        yield from _worth(track)


def _worth(track: Track) -> Iterator[Track]:
    if len(track.places) >= _SHORTEST and track.candidates:
        yield track
