"""The query's own camera: one person, one camera, both."""

from __future__ import annotations

from reseen.evaluation.cross_camera import own_camera


def test_own_camera_needs_person_and_camera() -> None:
    assert own_camera([1, 1, 2, 2], [1, 2, 1, 2], 1, 1).tolist() == [True, False, False, False]


def test_one_query_for_each_image() -> None:
    assert own_camera([1, 1, 2], [1, 2, 1], [1, 1, 1], [1, 1, 1]).tolist() == [True, False, False]
