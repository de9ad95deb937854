"""Euclidean distances between many descriptors, a chunk of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.errors import ReseenError

_CHUNK_BYTES = 48 << 20
"""Size of one chunk of distances: large enough for BLAS, small enough to stay far below the features."""

_EPSILON = float(np.finfo(np.float32).eps)


def euclidean_distances(query: ArrayLike, gallery: ArrayLike) -> NDArray[np.float32]:
    """Returns the Euclidean distance of every query to every gallery descriptor, (Q, G) float32.

    Args:
        query: (Q, D) descriptors.
        gallery: (G, D) descriptors.

    Raises:
        ReseenError: If the shapes do not fit each other.
    """
    chunks = SquaredDistances(query, gallery)
    distances = np.empty(chunks.shape, dtype=np.float32)
    for rows, squared in chunks:
        np.sqrt(squared, out=distances[rows])
    return distances


class SquaredDistances:
    """Squared Euclidean distances (Q, G), computed anew in each iteration and never held as a whole.

    ``|a|² + |b|² - 2ab`` loses the digits that ``|a|²`` and ``2ab`` have in common. Distances do not
    change when all descriptors are moved, so their common mean is taken off first: what is left is as
    small as the descriptors' own spread.

    Args:
        query: (Q, D) descriptors.
        gallery: (G, D) descriptors.

    Attributes:
        shape: (Q, G).
        tolerance: (Q,) what two distances in a row have to differ by to be in the right order for certain.

    Raises:
        ReseenError: If the shapes do not fit each other.
    """

    def __init__(self, query: ArrayLike, gallery: ArrayLike) -> None:
        query, gallery = checked_pair(query, gallery)
        centre = gallery.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._query, self._gallery = query - centre, gallery - centre
        self._query_squares = _squared_norms(self._query)
        self._gallery_squares = _squared_norms(self._gallery)
        self.shape = (len(query), len(gallery))
        # A float32 scalar product of D terms is off by about √D·ε/4 of |a||b| or less (rounding errors are
        # independent of each other: Higham and Mary 2019), the few operations around it by about as many ε.
        reach = np.sqrt(self._query_squares) + np.sqrt(self._gallery_squares.max())
        self.tolerance: NDArray[np.float64] = _EPSILON * (np.sqrt(query.shape[1]) + 8) * np.square(reach)

    def __iter__(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yields (rows, (B, G) distances of these rows); the array is overwritten by the next step."""
        rows_a_chunk = min(max(1, _CHUNK_BYTES // (4 * self.shape[1])), self.shape[0])
        buffer = np.empty((rows_a_chunk, self.shape[1]), dtype=np.float32)
        gallery_squares = self._gallery_squares.astype(np.float32)
        query_squares = self._query_squares.astype(np.float32)
        for start in range(0, self.shape[0], rows_a_chunk):
            rows = slice(start, min(start + rows_a_chunk, self.shape[0]))
            chunk = np.matmul(self._query[rows], self._gallery.T, out=buffer[: rows.stop - start])
            chunk *= -2
            chunk += gallery_squares
            chunk += query_squares[rows, None]
            yield rows, np.maximum(chunk, 0, out=chunk)


def exact_squared_distances(
    one: NDArray[np.float32], many: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Returns the squared distances of one descriptor (D,) to some rows of many (N, D) in double precision.

    Equal descriptors get exactly equal distances, which blocked matrix products do not promise.
    """
    distances = np.empty(len(rows))
    for start in range(0, len(rows), 1024):
        part = slice(start, start + 1024)
        distances[part] = np.square(many[rows[part]].astype(np.float64) - one).sum(axis=1)
    return distances


def checked_pair(query: ArrayLike, gallery: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns both as float32 matrices.

    Raises:
        ReseenError: If one is empty or not a matrix, or the descriptors have different lengths.
    """
    query, gallery = np.asarray(query, dtype=np.float32), np.asarray(gallery, dtype=np.float32)
    for name, features in (("query", query), ("gallery", gallery)):
        if features.ndim != 2 or 0 in features.shape:
            raise ReseenError(f"{name} features must have shape (N, D) with N, D > 0, got {features.shape}")
    if query.shape[1] != gallery.shape[1]:
        raise ReseenError(
            f"query features have {query.shape[1]} dimensions, gallery features {gallery.shape[1]}: "
            "embed both with the same model"
        )
    return query, gallery


def _squared_norms(features: NDArray[np.float32]) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = np.einsum("nd,nd->n", features, features, dtype=np.float64)
    return squares
