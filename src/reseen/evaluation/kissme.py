"""KISSME: a distance learnt from which images show the same person (Köstinger et al., CVPR 2012)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from reseen.data.person import DISTRACTOR_PID, UNKNOWN_PID, PersonImage
from reseen.descriptors.distance import Mahalanobis
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.cross_camera import apart

_Floats = NDArray[np.float64]

_CHUNK = 1024
"""Images that are taken in double precision at a time."""

_SINGULAR = 1e-9
"""Eigenvalues below this share of the largest one are rounding: descriptors are float32."""


class Kissme(BaseModel):
    """How a Mahalanobis distance is learnt from pairs of images, by two covariances and no gradient.

    The differences of two images of the same person are taken for Gaussian with covariance Σ_S, those of two
    persons with Σ_D. The logarithm of how much likelier a difference is in the second case than in the first
    is, but for constants, (q - g)ᵀ (Σ_S⁻¹ - Σ_D⁻¹) (q - g) (eq. 11). That matrix, without its negative eigenvalues
    (section 3.2), is M.

    Pairs of the same person are those across two cameras, for that is what has to be recognised again; pairs of
    different persons are all there are. Both covariances come from sums over images and persons, no pair is drawn.

    Attributes:
        features: Names of the features to learn on, such as ``probability`` for the attributes' probabilities;
            the whole descriptor by default.
        components: Principal components that descriptors are reduced to first (section 4: 34 to 200 are usual);
            by default as many as the covariances are regular in. Fewer generalise better where persons are few.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["kissme"] = "kissme"
    features: tuple[str, ...] = ()
    components: int | None = Field(None, ge=1)

    def check(self, embeddings: Embeddings) -> None:
        """Makes sure that descriptors have what it is to be learnt on.

        Raises:
            ReseenError: If they lack a feature, or are shorter than there are to be components.
        """
        width = embeddings.feature(*self.features).features.shape[1]
        if self.components is not None and self.components > width:
            raise ReseenError(f"{self.components} components asked for, but there are {width} numbers: set it to fewer")

    @staticmethod
    def check_pairs(images: Sequence[PersonImage]) -> None:
        """Makes sure that there are pairs to learn from, before anybody embeds these images.

        Raises:
            ReseenError: If there are none of one kind.
        """
        pids, camids = (np.array([getattr(image, name) for image in images], np.int64) for name in ("pid", "camid"))
        known = _known(pids)
        _Pairs(pids[known], camids[known])

    def fit(self, embeddings: Embeddings) -> Mahalanobis:
        """Learns the distance.

        Args:
            embeddings: Training images with person and camera ids; junk and distractors are left out.

        Returns:
            The distance, for the descriptors that ``embeddings`` are rows of.

        Raises:
            ReseenError: If there are no pairs of one kind, fewer components than asked for, or nothing to learn.

        Example:
            >>> rng = np.random.default_rng(0)
            >>> persons, cameras = np.repeat(np.arange(1, 31), 2), np.tile([1, 2], 30)
            >>> features = rng.normal(size=(30, 4)).repeat(2, axis=0) + 0.1 * rng.normal(size=(60, 4))
            >>> Kissme(components=3).fit(Embeddings(features, persons, cameras)).matrix.shape
            (3, 4)
        """
        images = embeddings[_known(embeddings.pids)].feature(*self.features)
        pairs = _Pairs(images.pids, images.camids)
        basis = self._components(images.features)
        projected = _projected(images.features, basis)
        same = pairs.same_person(projected)
        while self.components is None and (rank := _rank(same)) < len(same):
            same = same[:rank, :rank]
        basis, projected = basis[: len(same)], projected[:, : len(same)]
        other = pairs.other_person(projected)
        for name, covariance in (("one person", same), ("different persons", other)):
            if _rank(covariance) < max(len(covariance), 1):
                raise ReseenError(
                    f"KISSME: the covariance of pairs of {name} is singular in {len(basis)} of "
                    f"{images.features.shape[1]} components: set components to fewer, or give more images"
                )
        return Mahalanobis(features=self.features, matrix=_root(np.linalg.inv(same) - np.linalg.inv(other)) @ basis)

    def _components(self, features: NDArray[np.float32]) -> _Floats:
        """Returns the principal components (k, D), the one with the largest variance first."""
        centre = features.mean(axis=0, dtype=np.float64)
        variances, vectors = np.linalg.eigh(_in_chunks(lambda rows: _gram(features[rows] - centre), len(features)))
        count = int((variances > _SINGULAR * variances.max()).sum()) if variances.max() > 0 else 0
        if not count:
            raise ReseenError(f"KISSME: the {len(features):,} descriptors are all alike: give other images")
        if count < (self.components or 0):
            raise ReseenError(
                f"KISSME: {self.components} components asked for, the {len(features):,} descriptors span {count}: set "
                "components to so many or fewer, or give more images"
            )
        return vectors.T[::-1][: self.components or count]


class _Pairs:
    """All pairs of N images by whether they show one person; covariances of their differences from sums.

    Over all pairs of n images, Σ (x_i - x_j)(x_i - x_j)ᵀ = n Σ x xᵀ - (Σ x)(Σ x)ᵀ.
    """

    def __init__(self, pids: NDArray[np.int64], camids: NDArray[np.int64]) -> None:
        self._person = np.unique(pids, return_inverse=True)[1].reshape(-1)
        both = np.stack([pids, apart(camids)], axis=1)
        self._person_and_camera = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
        in_all, in_person, in_camera = (
            _count(group) for group in (np.zeros_like(pids), self._person, self._person_and_camera)
        )
        self._same, self._other = in_person - in_camera, in_all - in_person
        if not self._same.any():
            raise ReseenError(
                "KISSME: no person is seen by two cameras, so no pair shows the same one: give other images"
            )
        if not self._other.any():
            raise ReseenError("KISSME: there is one person only, so no pair shows different ones: give other images")

    def same_person(self, features: _Floats) -> _Floats:
        """Σ_S (k, k): of the same person in two cameras."""
        weighted = features.T @ (features * (self._same / self._same.sum())[:, None])
        within = _gram(_sums(features, self._person)) - _gram(_sums(features, self._person_and_camera))
        covariance: _Floats = 2 * (weighted - within / self._same.sum())
        return covariance

    def other_person(self, features: _Floats) -> _Floats:
        """Σ_D (k, k): of two persons."""
        weighted = features.T @ (features * (self._other / self._other.sum())[:, None])
        total = features.sum(axis=0)
        between = np.outer(total, total) - _gram(_sums(features, self._person))
        covariance: _Floats = 2 * (weighted - between / self._other.sum())
        return covariance


def _known(pids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns of which images (N,) somebody knows who they show."""
    return ~np.isin(pids, (UNKNOWN_PID, DISTRACTOR_PID))


def _count(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns how many images are in each image's group (N,)."""
    return np.bincount(group)[group]


def _sums(features: _Floats, group: NDArray[np.int64]) -> _Floats:
    """Returns the sum of each group's rows."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sums: _Floats = np.add.reduceat(features[order], starts, axis=0)
    return sums


def _gram(rows: _Floats) -> _Floats:
    return rows.T @ rows


def _in_chunks(term: Callable[[slice], _Floats], count: int) -> _Floats:
    """Adds up what a term gives for each chunk of rows."""
    total = term(slice(0, _CHUNK))
    for start in range(_CHUNK, count, _CHUNK):
        total += term(slice(start, start + _CHUNK))
    return total


def _projected(features: NDArray[np.float32], basis: _Floats) -> _Floats:
    """Returns descriptors (N, k) in a basis (k, D), with their mean at the origin so that sums keep their digits."""
    centre = features.mean(axis=0, dtype=np.float64)
    projected = np.empty((len(features), len(basis)))
    for start in range(0, len(features), _CHUNK):
        projected[start : start + _CHUNK] = (features[start : start + _CHUNK] - centre) @ basis.T
    return projected


def _rank(covariance: _Floats) -> int:
    if not len(covariance):
        return 0
    variances = np.linalg.eigvalsh(covariance)
    return int((variances > _SINGULAR * max(variances.max(), 0)).sum())


def _root(symmetric: _Floats) -> _Floats:
    """Returns L (d, k) with LᵀL = the matrix without its negative eigenvalues."""
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    kept = values > _SINGULAR * np.abs(values).max()
    if not kept.any():
        raise ReseenError(
            "KISSME: images of the same person differ no less than those of different persons; train the model first"
        )
    root: _Floats = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    return root
