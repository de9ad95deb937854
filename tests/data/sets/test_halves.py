"""Halves of the persons, the same on every machine."""

from __future__ import annotations

import pytest

from reseen.data.sets.halves import FOLDS, check_fold, random_halves
from reseen.errors import ReseenError


def test_a_fold_is_the_same_whatever_order_the_persons_come_in() -> None:
    halves = random_halves(range(1, 11), 3, train=5, seed=0)
    assert halves == random_halves([*range(10, 0, -1), 4, 4], 3, train=5, seed=0)
    assert len(halves) == 5
    assert halves < set(range(1, 11))


def test_folds_and_seeds_differ() -> None:
    folds = {random_halves(range(100), fold, train=50, seed=0) for fold in range(FOLDS)}
    assert len(folds) == 10
    assert random_halves(range(100), 0, train=50, seed=1) not in folds


def test_the_halves_never_change() -> None:
    """Figures of papers' protocols are means over these very splits."""
    assert random_halves(range(1, 9), 0, train=4, seed=0) == {3, 4, 5, 7}
    assert random_halves(range(1, 9), 1, train=4, seed=0) == {2, 4, 7, 8}


@pytest.mark.parametrize("fold", [-1, 10, "0", 0.0])
def test_there_is_no_such_fold(fold: object) -> None:
    with pytest.raises(ReseenError, match=r"there is no fold .*; choose 0 to 9"):
        check_fold(fold, FOLDS)  # type: ignore[arg-type]
