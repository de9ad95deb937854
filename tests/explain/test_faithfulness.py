from __future__ import annotations

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.explain.faithfulness import (
    centred_blob,
    covered,
    energy_inside,
    hottest,
    moved,
    points_inside,
    random_map,
)

TOP = np.zeros((4, 2), dtype=bool)
TOP[:2] = True


def test_energy_is_the_share_of_the_positive_values_inside() -> None:
    values = np.array([[3, 1], [0, 0], [1, -7], [1, 0]], dtype=np.float32)
    assert energy_inside(values, TOP) == pytest.approx(4 / 6)
    assert energy_inside(1000 * values, TOP) == pytest.approx(4 / 6), "the scale of a map does not matter"


def test_a_map_without_energy_has_none_inside() -> None:
    assert energy_inside(np.zeros((4, 2)), TOP) == 0.0
    assert energy_inside(-np.ones((4, 2)), TOP) == 0.0
    assert not points_inside(np.zeros((4, 2)), TOP)


def test_a_flat_map_has_the_masks_share_of_the_area() -> None:
    inside = np.zeros((40, 20), dtype=bool)
    inside[:10] = True
    assert energy_inside(np.ones((4, 2)), inside) == pytest.approx(0.25)


@pytest.mark.parametrize(("row", "inside"), [(0, True), (1, True), (2, False), (3, False)])
def test_pointing_game_looks_at_the_highest_place(row: int, inside: bool) -> None:
    values = np.full((4, 2), 0.4)
    values[row, 1] = 1
    assert points_inside(values, TOP) is inside


def test_an_empty_mask_is_an_error() -> None:
    with pytest.raises(ReseenError, match="mask is empty"):
        energy_inside(np.ones((4, 2)), np.zeros((4, 2), dtype=bool))


def test_blob_is_highest_in_the_middle_and_symmetric() -> None:
    blob = centred_blob((9, 5))
    assert blob[4, 2] == blob.max() == 1
    np.testing.assert_allclose(blob, blob[::-1, ::-1], rtol=1e-5)
    assert blob[0, 2] == pytest.approx(np.exp(-2)), "the edge is two deviations away"


def test_hottest_covers_the_share_and_the_right_places() -> None:
    values = np.zeros((8, 4))
    values[2:4, 1] = [5, 9]
    mask = hottest(values, (8, 4), 2 / 32)
    assert mask.sum() == 2
    assert mask[2, 1]
    assert mask[3, 1]


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_hottest_needs_a_share_of_the_picture(share: float) -> None:
    with pytest.raises(ReseenError, match="between 0 and 1"):
        hottest(np.ones((4, 2)), (8, 4), share)


def test_moved_keeps_the_area_and_leaves_the_place() -> None:
    mask = hottest(centred_blob((16, 8)), (32, 16), 0.1)
    other = moved(mask, np.random.default_rng(0))
    assert other.sum() == mask.sum()
    assert (mask & other).sum() < mask.sum() / 2


def test_covered_paints_only_where_the_mask_is() -> None:
    pixels = np.full((4, 2, 3), 7, dtype=np.uint8)
    painted = covered(pixels, TOP, (1, 2, 3))
    assert (painted[:2] == (1, 2, 3)).all()
    assert (painted[2:] == 7).all()


def test_random_maps_follow_their_generator() -> None:
    one, same = (random_map((3, 2), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, same)
