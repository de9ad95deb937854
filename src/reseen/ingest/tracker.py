"""Who in this frame is who in the frames before: the interface of trackers, and ByteTrack."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reseen.ingest.detectors.opencv import opencv
from reseen.ingest.people import People

LOST = 1.5
"""Seconds after which a person who is not seen any more has left."""


class Tracker(Protocol):
    """Follows persons from frame to frame."""

    def update(self, people: People, seconds: float) -> NDArray[np.int64]:
        """Returns the track of each person (N,) in the next frame; -1 where nobody knows yet.

        Args:
            people: Who was detected.
            seconds: When, since the first frame.
        """


class ByteTrack:
    """ByteTrack (Zhang et al.; ECCV 2022): a Kalman filter a person, boxes matched by overlap, doubtful boxes last.

    Args:
        rate: Frames a second.

    Raises:
        ReseenError: If the package ``trackers`` is not installed.
    """

    def __init__(self, rate: float) -> None:
        opencv()  # which both packages import
        from trackers import ByteTrackTracker

        self._tracker = ByteTrackTracker(
            lost_track_buffer=round(30 * LOST),  # in frames of 30 a second, whatever the rate is
            frame_rate=rate,
            track_activation_threshold=0.5,
            high_conf_det_threshold=0.5,
            minimum_consecutive_frames=2,
            minimum_iou_threshold=0.1,
        )

    def update(self, people: People, seconds: float) -> NDArray[np.int64]:
        from supervision import Detections

        tracked = self._tracker.update(
            Detections(
                xyxy=people.boxes,
                confidence=people.confidence,
                class_id=np.zeros(len(people), dtype=int),
                data={"row": np.arange(len(people))},
            ),
            timestamp=seconds,
        )
        numbers = np.full(len(people), -1, dtype=np.int64)
        if len(tracked) and tracked.tracker_id is not None:
            numbers[tracked.data["row"]] = tracked.tracker_id
        return numbers
