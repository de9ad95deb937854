"""Squared distances between many descriptors, a chunk of rows at a time.

Whatever the distance, it is a sum of Euclidean distances in a few *spaces*, most often in one: `Distance.spaces`
gives the matrices, here they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.errors import ReseenError

_CHUNK_BYTES = 48 << 20
"""Size of one chunk of distances: large enough for BLAS, small enough to stay far below the features."""

_PAIRS = 2048
"""Pairs of descriptors compared at a time."""

_EPSILON = float(np.finfo(np.float32).eps)

Space = NDArray[np.floating[Any]]
"""(N, d) descriptors in one Euclidean space: float32, or float64 where they were computed from descriptors."""

Spaces = Sequence[Space]
"""The same N images in each space; their distance is the sum of the Euclidean distances in all of them."""


def squared_distances(query: Spaces, gallery: Spaces) -> SquaredDistances | SquaredSums:
    """Returns the squared distances (Q, G), not computed before they are asked for.

    Args:
        query: The queries in each space.
        gallery: The gallery in each space.

    Raises:
        ReseenError: If the shapes do not fit each other.
    """
    if len(query) == 1:
        return SquaredDistances(query[0], gallery[0])
    return SquaredSums(query, gallery)


class SquaredDistances:
    """Squared Euclidean distances (Q, G), computed anew in each iteration and never held as a whole.

    ``|a|² + |b|² - 2ab`` loses the digits that ``|a|²`` and ``2ab`` have in common. Distances do not
    change when all descriptors are moved, so their common mean is taken off first: what is left is as
    small as the descriptors' own spread.

    Args:
        query: (Q, D) descriptors.
        gallery: (G, D) descriptors.
        dtype: What to compute in. In double precision a copy of the descriptors is twice as large.

    Attributes:
        shape: (Q, G).
        reach: (Q,) no distance in a row is larger.
        tolerance: (Q,) what two distances in a row have to differ by to be in the right order for certain.

    Raises:
        ReseenError: If the shapes do not fit each other.
    """

    def __init__(self, query: ArrayLike, gallery: ArrayLike, dtype: type[np.floating[Any]] = np.float32) -> None:
        query, gallery = checked_pair(query, gallery)
        self._dtype = np.dtype(dtype)
        centre = gallery.mean(axis=0, dtype=np.float64).astype(np.result_type(gallery, dtype))
        self._query = (query - centre).astype(dtype, copy=False)
        self._gallery = (gallery - centre).astype(dtype, copy=False)
        self._query_squares = _squared_norms(self._query)
        self._gallery_squares = _squared_norms(self._gallery)
        self.shape = (len(query), len(gallery))
        self.reach: NDArray[np.float64] = np.sqrt(self._query_squares) + np.sqrt(self._gallery_squares.max())
        # A scalar product of D terms is off by about √D·ε/4 of |a||b| or less (rounding errors are independent
        # of each other: Higham and Mary 2019), the few operations around it by about as many ε.
        epsilon = float(np.finfo(dtype).eps)
        self.tolerance: NDArray[np.float64] = epsilon * (np.sqrt(query.shape[1]) + 8) * np.square(self.reach)

    def __iter__(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yields (rows, (B, G) distances of these rows); the array is overwritten by the next step."""
        rows_a_chunk = min(max(1, _CHUNK_BYTES // (self._dtype.itemsize * self.shape[1])), self.shape[0])
        buffer = np.empty((rows_a_chunk, self.shape[1]), dtype=self._dtype)
        gallery_squares = self._gallery_squares.astype(self._dtype)
        query_squares = self._query_squares.astype(self._dtype)
        for start in range(0, self.shape[0], rows_a_chunk):
            rows = slice(start, min(start + rows_a_chunk, self.shape[0]))
            chunk = np.matmul(self._query[rows], self._gallery.T, out=buffer[: rows.stop - start])
            chunk *= -2
            chunk += gallery_squares
            chunk += query_squares[rows, None]
            yield rows, np.maximum(chunk, 0, out=chunk)


class SquaredSums:
    """Squares of sums of Euclidean distances (Q, G), as `SquaredDistances` gives those of a single one.

    The root of a small square doubles the number of digits that are wrong, so squares are taken in double
    precision.

    Args:
        query: The queries in each space.
        gallery: The gallery in each space.

    Attributes:
        shape: (Q, G).
        tolerance: (Q,) what two squared sums in a row have to differ by to be in the right order for certain.

    Raises:
        ReseenError: If the shapes do not fit each other.
    """

    def __init__(self, query: Spaces, gallery: Spaces) -> None:
        self._terms = [SquaredDistances(*pair, dtype=np.float64) for pair in zip(query, gallery, strict=True)]
        self.shape = self._terms[0].shape
        # Half a tolerance t is how far a square can be off, so a root is off by √(t/2) or less, and two sums
        # by twice as much in each term; (d + e)² - d² = 2de + e², and the result is rounded to float32.
        apart = np.sum([np.sqrt(2 * term.tolerance) for term in self._terms], axis=0)
        reach = np.sum([term.reach for term in self._terms], axis=0)
        self.tolerance: NDArray[np.float64] = 2 * reach * apart + np.square(apart) + 2 * _EPSILON * np.square(reach)

    def __iter__(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yields (rows, (B, G) squared sums of these rows)."""
        for parts in zip(*self._terms, strict=True):
            yield parts[0][0], _squared_sum([chunk for _, chunk in parts]).astype(np.float32)


def exact_squared_distances(
    one: Sequence[NDArray[np.floating[Any]]], many: Spaces, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Returns the squared distances of one image to some rows of many in double precision.

    Equal descriptors get exactly equal distances, which blocked matrix products do not promise.

    Args:
        one: Its descriptor (d,) in each space.
        many: Images in each space.
        rows: (n,) rows of these.
    """

    def squares(descriptor: NDArray[np.floating[Any]], space: Space) -> NDArray[np.float64]:
        distances = np.empty(len(rows))
        for start in range(0, len(rows), 1024):
            part = slice(start, start + 1024)
            distances[part] = np.square(space[rows[part]].astype(np.float64) - descriptor).sum(axis=1)
        return distances

    return _squared_sum([squares(*pair) for pair in zip(one, many, strict=True)])


def pair_squared_distances(
    spaces: Spaces, one: NDArray[np.integer[Any]], other: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Returns the squared distance (P,) between the images of each pair, given as rows, from differences."""

    def squares(space: Space) -> NDArray[np.float64]:
        distances = np.empty(len(one))
        for start in range(0, len(one), _PAIRS):
            pairs = slice(start, start + _PAIRS)
            difference = space[one[pairs]] - space[other[pairs]]
            np.einsum("pd,pd->p", difference, difference, out=distances[pairs], dtype=np.float64)
        return distances

    return _squared_sum([squares(space) for space in spaces])


def checked_pair(query: ArrayLike, gallery: ArrayLike) -> tuple[Space, Space]:
    """Returns both as matrices of float32, or of float64 if they are that.

    Raises:
        ReseenError: If one is empty or not a matrix, or the descriptors have different lengths.
    """
    query, gallery = _floats(query), _floats(gallery)
    for name, features in (("query", query), ("gallery", gallery)):
        if features.ndim != 2 or 0 in features.shape:
            raise ReseenError(f"{name} features must have shape (N, D) with N, D > 0, got {features.shape}")
    if query.shape[1] != gallery.shape[1]:
        raise ReseenError(
            f"query features have {query.shape[1]} dimensions, gallery features {gallery.shape[1]}: "
            "embed both with the same model"
        )
    return query, gallery


def _floats(values: ArrayLike) -> Space:
    array = np.asarray(values)
    return array if array.dtype == np.float64 else np.asarray(array, dtype=np.float32)


def _squared_sum(squares: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(Σ √s)²; a single square is left as it is."""
    if len(squares) == 1:
        return squares[0]
    total = np.sqrt(squares[0])
    for square in squares[1:]:
        total += np.sqrt(square)
    return np.square(total, out=total)


def _squared_norms(features: Space) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = np.einsum("nd,nd->n", features, features, dtype=np.float64)
    return squares
