"""How well people are found and followed, where it is known who was where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torchvision.ops import box_iou

from reseen.ingest.tracks import Track

Places = Mapping[int, Sequence[tuple[float, NDArray[np.float32]]]]
"""Second and box (4,) in every frame they are in, by person."""

_OVERLAP = 0.4
"""IoU from which a tracked box is a person's."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What tracks are worth.

    Attributes:
        people: Share of the persons who have a track.
        boxes: Share of the persons' boxes that are in a track.
        purity: Share of the tracks' boxes that show the person whom most of the track shows; a box of nobody is wrong.
        switches: How often a person goes on in another track than before.
    """

    people: float
    boxes: float
    purity: float
    switches: int


def judge(tracks: Sequence[Track], truth: Places) -> Judgement:
    """Compares tracks with the truth, frame by frame: boxes go to persons so that most overlap (IoU of at least 0.4).

    Args:
        tracks: What was found.
        truth: Who was where. Frames are the same if their seconds are, to a millisecond.
    """
    found, there = _by_frame({track.number: track.places for track in tracks}), _by_frame(truth)
    shows: dict[int, Counter[int | None]] = defaultdict(Counter)
    track_of: dict[int, int] = {}
    matched = switches = 0
    for frame, own in found.items():
        pairs = _pairs(own, there.get(frame, {}))
        for track in own:
            person = pairs.get(track)
            shows[track][person] += 1
            if person is not None:
                matched += 1
                switches += track_of.get(person, track) != track  # the first one is no switch
                track_of[person] = track
    boxes = sum(len(own) for own in found.values())
    pure = sum(max((count for person, count in own.items() if person is not None), default=0) for own in shows.values())
    return Judgement(
        people=len(track_of) / max(1, len(truth)),
        boxes=matched / max(1, sum(len(places) for places in truth.values())),
        purity=pure / max(1, boxes),
        switches=switches,
    )


def _by_frame(places: Places) -> dict[int, dict[int, NDArray[np.float32]]]:
    """Returns boxes by millisecond and number, in order of time."""
    frames: dict[int, dict[int, NDArray[np.float32]]] = defaultdict(dict)
    for number, own in places.items():
        for seconds, box in own:
            frames[round(1000 * seconds)][number] = box
    return dict(sorted(frames.items()))


def _pairs(found: Mapping[int, NDArray[np.float32]], there: Mapping[int, NDArray[np.float32]]) -> dict[int, int]:
    """Returns the person of each track that shows one, in one frame."""
    if not there:
        return {}
    tracks, persons = list(found), list(there)
    boxes = [torch.from_numpy(np.stack(list(each.values()))) for each in (found, there)]
    overlaps = box_iou(*boxes).numpy()
    rows, columns = linear_sum_assignment(np.where(overlaps >= _OVERLAP, overlaps, 0), maximize=True)
    return {tracks[r]: persons[c] for r, c in zip(rows, columns, strict=True) if overlaps[r, c] >= _OVERLAP}
