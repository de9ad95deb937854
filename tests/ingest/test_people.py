"""Boxes of persons: cut off, thinned out, freed of fragments."""

from __future__ import annotations

import numpy as np

from reseen.ingest.people import People


def test_boxes_end_at_the_picture_and_those_outside_are_left_out() -> None:
    people = People.of([(-5, 10, 20, 90), (50, 50, 80, 130), (200, 0, 230, 80)], [0.9, 0.8, 0.7])
    inside = people.inside(np.zeros((100, 100, 3), np.uint8))
    assert inside.boxes.tolist() == [[0, 10, 20, 90], [50, 50, 80, 100]]
    assert np.allclose(inside.confidence, [0.9, 0.8])


def test_of_two_boxes_of_one_person_the_surer_one_stays() -> None:
    people = People.of([(0, 0, 10, 30), (1, 0, 11, 30), (40, 0, 50, 30)], [0.5, 0.9, 0.3])
    assert people.apart(0.5).boxes.tolist() == [[1, 0, 11, 30], [40, 0, 50, 30]]


def test_a_head_within_a_person_is_a_fragment_but_somebody_behind_is_not() -> None:
    person, head, child, behind = (10, 0, 40, 90), (18, 2, 30, 20), (15, 40, 30, 85), (30, 5, 55, 85)
    people = People.of([person, head, child, behind], [0.9, 0.6, 0.95, 0.7])
    assert people.whole().boxes.tolist() == [list(person), list(child), list(behind)]
    assert len(people.sure(0.7)) == 3


def test_nobody() -> None:
    nobody = People.of([], [])
    assert len(nobody.whole()) == len(nobody.apart(0.5)) == len(nobody.inside(np.zeros((9, 9, 3), np.uint8))) == 0
