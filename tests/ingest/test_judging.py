"""Recall and purity of tracks, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.ingest.judging import judge
from reseen.ingest.tracks import Track


def box(left: float) -> np.ndarray:
    return np.array([left, 0, left + 10, 30], np.float32)


def test_tracks_are_judged_frame_by_frame() -> None:
    truth = {
        5: [(0.0, box(0)), (0.2, box(2)), (0.4, box(4)), (0.6, box(6))],
        8: [(0.0, box(100)), (0.2, box(100)), (0.4, box(100))],
        9: [(0.6, box(200))],
    }
    tracks = [
        Track(1, [(0.0, box(0)), (0.2, box(2)), (0.4, box(100))]),  # goes over from 5 to 8
        Track(2, [(0.4, box(5)), (0.6, box(6))]),  # has 5 from there on: a switch
        Track(3, [(0.0, box(101)), (0.2, box(60))]),  # 8, then nobody; 8 goes on in track 1: another switch
    ]
    result = judge(tracks, truth)
    assert result.people == pytest.approx(2 / 3)
    assert result.boxes == pytest.approx(6 / 8)
    assert result.purity == pytest.approx((2 + 2 + 1) / 7)
    assert result.switches == 2


def test_without_tracks_nobody_is_found() -> None:
    result = judge([], {5: [(0.0, box(0))]})
    assert (result.people, result.boxes, result.purity, result.switches) == (0, 0, 0, 0)
