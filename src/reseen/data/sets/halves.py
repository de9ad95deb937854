"""Random splits by person, the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reseen.errors import ReseenError

FOLDS = 10


def random_halves(pids: Iterable[int], fold: int, *, train: int, seed: int) -> frozenset[int]:
    """Returns the persons to train on; all others are for the test.

    Args:
        pids: All persons, in any order.
        fold: Which of the 10 splits.
        train: How many persons to train on.
        seed: The data set's own seed, so that no global state decides who is tested.

    Raises:
        ReseenError: If there is no such fold.
    """
    check_fold(fold, FOLDS)
    order = np.random.default_rng((seed, fold)).permutation(sorted(set(pids)))
    return frozenset(order[:train].tolist())


def check_fold(fold: int, folds: int) -> None:
    """Raises ReseenError if ``fold`` is not one of 0 … folds - 1."""
    if not isinstance(fold, int) or not 0 <= fold < folds:
        raise ReseenError(f"there is no fold {fold!r}; choose 0 to {folds - 1}")
