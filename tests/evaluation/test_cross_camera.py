"""The query's own camera: one person, one camera, both."""

from __future__ import annotations

import numpy as np

from reseen.evaluation.cross_camera import apart, own_camera


def test_own_camera_needs_person_and_camera() -> None:
    assert own_camera([1, 1, 2, 2], [1, 2, 1, 2], 1, 1).tolist() == [True, False, False, False]


def test_an_unknown_camera_is_nobodys_own() -> None:
    assert own_camera([1, 1], [-1, 2], 1, -1).tolist() == [False, False]
    cameras = apart(np.array([-1, 3, -1, 3, -2]))
    assert cameras[[1, 3, 4]].tolist() == [3, 3, -2]
    assert len(set(cameras.tolist())) == 4


def test_one_query_for_each_image() -> None:
    assert own_camera([1, 1, 2], [1, 2, 1], [1, 1, 1], [1, 1, 1]).tolist() == [True, False, False]
