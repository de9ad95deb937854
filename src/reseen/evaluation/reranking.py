"""Re-ranking with k-reciprocal encoding (Zhong et al., CVPR 2017), in memory that grows with N·k instead of N²."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from reseen.descriptors.distances import Spaces, pair_squared_distances, squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError

_SPARE = 8
"""Neighbours looked at beyond the k nearest, as float32 may have swapped some at the edge."""


@dataclass(frozen=True, slots=True)
class ReRanking:
    """k-reciprocal re-ranking of a whole gallery for a whole set of queries.

    Two images are alike if they have the same k-reciprocal neighbours: images that are among each other's
    k1 nearest. Each image is encoded as a sparse vector over its reciprocal neighbours (section 3.3), the
    vectors are averaged over the k2 nearest images (local query expansion, section 3.4), and their Jaccard
    distance is mixed with the original distance: d* = (1 - λ) d_J + λ d (eq. 12).

    The result is that of the authors' dense code: d is the square of the descriptors' own distance, divided by
    its maximum over all images. Queries and gallery are encoded together, so the result for one query depends
    on the others.

    Args:
        k1: Number of nearest neighbours that can be reciprocal. More than there are images means all.
        k2: Number of nearest images an encoding is averaged over, the image itself included; 1 = off.
        lambda_value: Weight λ of the original distance.

    Raises:
        ReseenError: If k1 or k2 is below 1, or λ outside [0, 1].
    """

    k1: int = 20
    k2: int = 6
    lambda_value: float = 0.3

    def __post_init__(self) -> None:
        if self.k1 < 1 or self.k2 < 1:
            raise ReseenError(f"re-ranking needs k1 and k2 of at least 1, got k1={self.k1}, k2={self.k2}")
        if not 0 <= self.lambda_value <= 1:
            raise ReseenError(f"re-ranking needs lambda_value between 0 and 1, got {self.lambda_value}")

    def as_dict(self) -> dict[str, Any]:
        """Returns the settings by name."""
        return asdict(self)

    def distances(self, query: Embeddings, gallery: Embeddings) -> NDArray[np.float32]:
        """Returns the re-ranked distances (Q, G) float32.

        Args:
            query: Q descriptors.
            gallery: G descriptors.

        Raises:
            ReseenError: If the descriptors cannot be compared.
        """
        query.check_comparable(gallery)
        spaces = tuple(np.concatenate(pair) for pair in zip(query.spaces(), gallery.spaces(), strict=True))
        neighbours, farthest, distances = self._neighbours(spaces, len(query))
        encoding = self._encode(spaces, neighbours, farthest)
        del spaces
        if self.k2 > 1:
            nearest = neighbours[:, : self.k2]
            encoding = _adjacency(nearest, np.float32(1 / nearest.shape[1])) @ encoding
        distances *= np.float32(self.lambda_value)
        _add_jaccard(distances, encoding, 1 - self.lambda_value)
        return distances

    def _neighbours(
        self, spaces: Spaces, queries: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Goes once through all distances, a chunk of rows at a time.

        Returns:
            (N, k) nearest images, nearest first, the image itself among them; (N,) squared distance to the
            farthest image; (Q, G) squared distances from queries to gallery, divided by the farthest.
        """
        count = len(spaces[0])
        k = min(max(self.k1 + 1, self.k2), count)
        nearest = np.empty((count, min(k + _SPARE, count)), dtype=np.int32)
        farthest = np.empty(count, dtype=np.float32)
        to_gallery = np.empty((queries, count - queries), dtype=np.float32)
        for rows, chunk in squared_distances(spaces, spaces):
            own = np.arange(rows.start, rows.stop)
            chunk[own - rows.start, own] = 0
            farthest[rows] = np.maximum(chunk.max(axis=1), np.finfo(np.float32).tiny)
            nearest[rows] = torch.topk(
                torch.from_numpy(chunk), nearest.shape[1], largest=False, sorted=False
            ).indices.numpy()
            if rows.start < queries:
                mine = slice(rows.start, min(rows.stop, queries))
                to_gallery[mine] = chunk[: mine.stop - mine.start, queries:] / farthest[mine, None]
        return _in_order(spaces, nearest)[:, :k], farthest, to_gallery

    def _encode(self, spaces: Spaces, neighbours: NDArray[np.int32], farthest: NDArray[np.float32]) -> sparse.csr_array:
        """Returns V (N, N): exp(-d) over each image's expanded reciprocal neighbours, rows summing to 1 (eq. 7)."""
        whole = _reciprocal(neighbours[:, : self.k1 + 1])  # R(p, k1)
        half = _reciprocal(neighbours[:, : round(self.k1 / 2) + 1])  # R(q, k1 / 2)
        # Each q in R(p, k1) brings its own R(q, k1 / 2) along, provided that more than two thirds of it are in
        # R(p, k1) already (eq. 4).
        brought = (whole @ half.T).multiply(whole).tocsr()  # how many of them are
        brought.data = 3 * brought.data > 2 * half.sum(axis=1)[brought.indices]
        rows, columns = (whole + brought.astype(np.int32) @ half).nonzero()
        weights = np.exp(-pair_squared_distances(spaces, rows, columns) / farthest[rows])
        weights /= np.bincount(rows, weights)[rows]
        return sparse.csr_array((weights.astype(np.float32), (rows, columns)), shape=whole.shape)


def _reciprocal(neighbours: NDArray[np.int32]) -> sparse.csr_array:
    """Returns R (N, N): 1 where two images are among each other's k nearest, given these as (N, k) (eq. 2)."""
    nearest = _adjacency(neighbours, np.int32(1))
    return nearest.multiply(nearest.T).tocsr()


def _in_order(spaces: Spaces, nearest: NDArray[np.int32]) -> NDArray[np.int32]:
    """Returns the neighbours (N, k) nearest first, equal distances by row.

    Who is the k1-th neighbour decides who is reciprocal, so the order is taken from differences of descriptors
    and not from matrix products, which are off in the last digits of float32.
    """
    count, k = nearest.shape
    by_row = np.sort(nearest, axis=1)
    distances = pair_squared_distances(spaces, np.repeat(np.arange(count), k), by_row.ravel())
    order = np.argsort(distances.reshape(count, k), axis=1, kind="stable")
    return np.take_along_axis(by_row, order, axis=1)


def _adjacency(neighbours: NDArray[np.int32], value: np.number[Any]) -> sparse.csr_array:
    """Returns the (N, N) matrix with a value at each image's neighbours, given these as (N, k)."""
    count, k = neighbours.shape
    values = np.full(count * k, value)
    return sparse.csr_array((values, neighbours.ravel(), np.arange(0, count * k + 1, k)), shape=(count, count))


def _add_jaccard(distances: NDArray[np.float32], encoding: sparse.csr_array, weight: float) -> None:
    """Adds the weighted Jaccard distances from the first Q to the other G encodings to ``distances`` (Q, G).

    Rows of an encoding sum to 1, so with t = Σ min(V_p, V_g) the sum of maxima is 2 - t (eq. 10). The
    inverted index lists, for each image, the gallery encodings it occurs in: only those are touched.
    """
    queries, gallery = distances.shape
    inverted = encoding[queries:].tocsc().T  # (N, G) by rows
    for query in range(queries):
        entries = slice(encoding.indptr[query], encoding.indptr[query + 1])
        listed = inverted[encoding.indices[entries]]
        own = np.repeat(encoding.data[entries], np.diff(listed.indptr))
        minima = np.bincount(listed.indices, np.minimum(own, listed.data), minlength=gallery)
        distances[query] += weight * (1 - minima / (2 - minima))
