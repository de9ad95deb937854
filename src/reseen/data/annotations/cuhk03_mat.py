"""Reading ``cuhk-03.mat``: MATLAB cell arrays in HDF5, that is, matrices of references to matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from reseen.errors import ReseenError

Key = tuple[int, int, int, int]
"""Camera pair 1-5, person in the pair from 1, view 1 or 2, image 1-10 (6-10 are view 2)."""

_IMAGES_PER_VIEW = 5


def read_images(mat: Path, boxes: str) -> dict[Key, Path]:
    """Returns where each picture lies in the file.

    Args:
        mat: The file.
        boxes: ``labeled`` or ``detected``: a cell of 5 camera pairs, each a cell (persons, 10) of pictures,
            some empty.
    """
    with _opened(mat) as file:
        paths: dict[Key, Path] = {}
        for pair, pair_reference in enumerate(_cells(file[boxes]), 1):
            persons = file[pair_reference]
            if persons.ndim != 2 or persons.shape[0] != 2 * _IMAGES_PER_VIEW:  # HDF5 holds it transposed
                raise ReseenError(f"{mat}: camera pair {pair} is {persons.shape} instead of (10, persons)")
            for (image, person), reference in np.ndenumerate(persons[()]):
                picture = file[reference]
                if picture.ndim == 3:  # an empty cell is a vector
                    paths[pair, person + 1, 1 + image // _IMAGES_PER_VIEW, image + 1] = Path(picture.name)
    return paths


def read_test_sets(mat: Path) -> list[frozenset[tuple[int, int]]]:
    """Returns the 20 test sets, each 100 persons as (camera pair, person in the pair)."""
    with _opened(mat) as file:
        tables = (file[reference][()].T.astype(int) for reference in _cells(file["testsets"]))  # (100, 2) each
        return [frozenset((pair, person) for pair, person in table.tolist()) for table in tables]


def _cells(dataset: Any) -> list[Any]:
    return list(np.ravel(dataset[()]))


@contextmanager
def _opened(mat: Path) -> Iterator[Any]:
    import h5py

    try:
        with h5py.File(mat, "r") as file:
            yield file
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise ReseenError(f"{mat} is not the cuhk-03.mat of the CUHK03 release ({error}); unpack it again") from error
