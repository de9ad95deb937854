"""Parity is the worst of all pictures, and too little of it is an error."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.export.parity import Parity, compare, pictures_of_nobody


def made(features: list[list[float]], hat: list[float]) -> Embeddings:
    table = np.array([[1 - each, each] for each in hat])
    return Embeddings(np.array(features), np.zeros(len(features)), np.zeros(len(features)), {"hat": table})


def test_the_worst_picture_counts() -> None:
    own = made([[1, 0], [2, 2], [0, 3]], [0.5, 0.25, 1.0])
    other = made([[5, 0], [1, 0], [0, 1]], [0.5, 0.5, 0.875])
    found = compare(own, other)
    assert found.cosine == pytest.approx(np.sqrt(0.5))
    assert (found.probability, found.pictures) == (0.25, 3)
    assert compare(own, own) == Parity(pytest.approx(1.0), 0.0, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("cosine", [0.99989, 0.0, float("nan")])
def test_too_little_is_an_error(cosine: float) -> None:
    with pytest.raises(ReseenError, match=r"differ from PyTorch's: cosine .* --backend torch"):
        Parity(cosine, 0.0, 1).check()
    Parity(0.99991, 0.0, 1).check()


def test_pictures_of_nobody_are_different_and_always_the_same() -> None:
    one, other = (np.stack([np.asarray(each.open()) for each in pictures_of_nobody((64, 32), 3)]) for _ in range(2))
    assert one.shape == (3, 64, 32, 3)
    np.testing.assert_array_equal(one, other)
    assert np.abs(one[0].astype(int) - one[1]).mean() > 20
