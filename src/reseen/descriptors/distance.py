"""How far apart two images are: one description for ranking, re-ranking, search and pictures alike.

Every distance is a sum of Euclidean distances in spaces that descriptors are mapped into linearly; most often
there is one space, and the map changes nothing.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from reseen.descriptors.distances import Space, Spaces, exact_squared_distances
from reseen.errors import ReseenError

if TYPE_CHECKING:
    from reseen.descriptors.embeddings import Embeddings

_BLOCK = 1024
"""Rows mapped at a time. All blocks have this size: products of other sizes are rounded otherwise."""


class _Description(BaseModel):
    """What distances have in common: a name that tells one from every other, and arrays beside the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    kind: str

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Returns what is not in ``model_dump()``, by the path it has there."""
        return {}

    @property
    def name(self) -> str:
        """Its kind, with a digest unless that says all."""
        content = self.model_dump_json(exclude={"kind"}, exclude_defaults=True)
        arrays = self.arrays()
        if content == "{}" and not arrays:
            return self.kind
        digest = hashlib.sha256(content.encode())
        for key, array in arrays.items():
            digest.update(f"{key}{array.shape}".encode() + array.tobytes())
        return f"{self.kind} {digest.hexdigest()[:12]}"

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Description) and self.name == other.name)

    def __hash__(self) -> int:
        return hash(self.name)


class _Linear(_Description):
    """A Euclidean distance after a linear map.

    Attributes:
        features: Names of the features it looks at, ``part`` standing for all of ``part/0``, ``part/1``, …; the
            whole descriptor by default. ``probability`` stands for the attributes' probabilities.
        weight: Factor of the distance.
    """

    features: tuple[str, ...] = ()
    weight: float = Field(1.0, gt=0, allow_inf_nan=False)

    @property
    def label(self) -> str:
        """What it is called as a term of a sum."""
        return " + ".join(self.features) or "descriptor"

    def check(self, embeddings: Embeddings) -> None:
        """Makes sure that it can measure these descriptors.

        Raises:
            ReseenError: If they lack a feature or have another width.
        """
        embeddings.named(self.features)

    def spaces(self, embeddings: Embeddings) -> Spaces:
        """Returns what Euclidean distances are measured between: one matrix (N, d)."""
        return (self._map(self._chosen(embeddings)),)

    def project(self, embeddings: Embeddings) -> Embeddings:
        """Returns the same images in a space where the plain Euclidean distance is this distance.

        Any vector index can serve the result. It is rounded to float32.
        """
        if self == Euclidean():
            return embeddings
        space = self._map(self._chosen(embeddings))
        return replace(
            embeddings, features=space.astype(np.float32), parts={self.name: space.shape[1]}, distance=Euclidean()
        )

    def split(self, query: Embeddings, gallery: Embeddings, rows: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """Splits the *squared* distances of one query to some gallery images by the features' names.

        With M = LᵀL and Δ = q - g, feature f has the share Δ_fᵀ(MΔ)_f: its own squared distance where the features
        are not mixed, else with half of what it has in common with each other one, which can make it negative.

        Args:
            query: One image.
            gallery: Any number.
            rows: (n,) gallery rows.

        Returns:
            (n,) by feature; their sum is the squared distance.
        """
        one, many = query.named(self.features), gallery.named(self.features)
        difference = np.concatenate([many[name][rows].astype(np.float64) - one[name] for name in many], axis=1)
        shares = difference * self._gram(difference)
        ends = np.cumsum([values.shape[1] for values in many.values()])
        return {name: part.sum(axis=1) for name, part in zip(many, np.split(shares, ends[:-1], axis=1), strict=True)}

    def _chosen(self, embeddings: Embeddings) -> NDArray[np.float32]:
        if not self.features:
            return embeddings.features
        chosen = list(embeddings.named(self.features).values())
        return chosen[0] if len(chosen) == 1 else np.concatenate(chosen, axis=1)

    def _map(self, features: NDArray[np.float32]) -> Space:
        """(N, D) descriptors to (N, d), in double precision if that changes them."""
        return features if self.weight == 1 else features.astype(np.float64) * self.weight

    def _gram(self, difference: NDArray[np.float64]) -> NDArray[np.float64]:
        """MΔ for each row Δ (n, D)."""
        return difference * self.weight**2


class Euclidean(_Linear):
    """The plain distance |q - g|, which every descriptor is compared by unless something else is said."""

    kind: Literal["euclidean"] = "euclidean"


def _matrix(values: ArrayLike) -> NDArray[np.float32]:
    matrix = np.ascontiguousarray(values, dtype=np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"must have shape (d, D) with d, D > 0, got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("holds NaN or infinity")
    return matrix


class Mahalanobis(_Linear):
    """A learnt distance √((q - g)ᵀ M (q - g)), given as the linear map L with M = LᵀL: M has no negative eigenvalue.

    Attributes:
        matrix: L (d, D) float32.
    """

    kind: Literal["mahalanobis"] = "mahalanobis"
    matrix: Annotated[NDArray[np.float32], BeforeValidator(_matrix), Field(exclude=True, repr=False)]

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        return {"matrix": self.matrix}

    def check(self, embeddings: Embeddings) -> None:
        width = sum(values.shape[1] for values in embeddings.named(self.features).values())
        if width != self.matrix.shape[1]:
            raise ReseenError(
                f"the learnt distance is for {self.label} of length {self.matrix.shape[1]}, here it has {width}: "
                "learn it on descriptors of the same model"
            )

    def _map(self, features: NDArray[np.float32]) -> Space:
        transposed = self.matrix.T.astype(np.float64) * self.weight
        mapped = np.empty((len(features), transposed.shape[1]))
        block = np.zeros((_BLOCK, features.shape[1]))
        for start in range(0, len(features), _BLOCK):
            rows = features[start : start + _BLOCK]
            block[: len(rows)] = rows
            mapped[start : start + _BLOCK] = (block @ transposed)[: len(rows)]
        return mapped

    def _gram(self, difference: NDArray[np.float64]) -> NDArray[np.float64]:
        matrix = self.matrix.astype(np.float64) * self.weight
        gram: NDArray[np.float64] = (difference @ matrix.T) @ matrix
        return gram


class Sum(_Description):
    """A sum of distances, each with its weight, such as |f_q - f_g| + ½ |a_q - a_g| of features and attributes.

    No single descriptor has such a Euclidean distance: side by side, the *squares* add up.

    Attributes:
        terms: What is added up; each looks at features of its own.
    """

    kind: Literal["sum"] = "sum"
    terms: tuple[Annotated[Euclidean | Mahalanobis, Field(discriminator="kind")], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_term_a_label(self) -> Self:
        labels = [term.label for term in self.terms]
        if len(set(labels)) < len(labels):
            raise ValueError(f"each term needs features of its own, got: {', '.join(labels)}")
        return self

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        return {
            f"terms/{place}/{key}": array
            for place, term in enumerate(self.terms)
            for key, array in term.arrays().items()
        }

    def check(self, embeddings: Embeddings) -> None:
        """Makes sure that every term can measure these descriptors.

        Raises:
            ReseenError: If they lack a feature or have another width.
        """
        for term in self.terms:
            term.check(embeddings)

    def spaces(self, embeddings: Embeddings) -> Spaces:
        """Returns the matrix (N, d) of each term, whose Euclidean distances add up."""
        return tuple(space for term in self.terms for space in term.spaces(embeddings))

    def project(self, embeddings: Embeddings) -> Embeddings:
        """There is no such space.

        Raises:
            ReseenError: Always, unless there is but one term.
        """
        if len(self.terms) > 1:
            raise ReseenError(
                f"the sum of the distances of {' and '.join(term.label for term in self.terms)} is no Euclidean "
                "distance in any space: project by one term, or rank with the sum itself"
            )
        return self.terms[0].project(embeddings)

    def split(self, query: Embeddings, gallery: Embeddings, rows: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """Returns the terms of the distances of one query to some gallery images; their sum is the distance.

        Args:
            query: One image.
            gallery: Any number.
            rows: (n,) gallery rows.

        Returns:
            (n,) by the names of the features that a term looks at.
        """
        terms, chosen, everything = {}, gallery[rows], np.arange(len(rows))
        for term in self.terms:
            one = [space[0] for space in term.spaces(query)]
            terms[term.label] = np.sqrt(exact_squared_distances(one, term.spaces(chosen), everything))
        return terms


Distance = Annotated[Euclidean | Mahalanobis | Sum, Field(discriminator="kind")]
"""Any of them, told apart by ``kind``."""

_DISTANCE: TypeAdapter[Euclidean | Mahalanobis | Sum] = TypeAdapter(Distance)


def read_distance(settings: Mapping[str, Any], arrays: Mapping[str, ArrayLike]) -> Euclidean | Mahalanobis | Sum:
    """Returns the distance that ``model_dump()`` and `arrays` were taken from.

    Raises:
        ReseenError: If something is missing, unknown or not a number; names it.
    """
    content: Any = copy.deepcopy(dict(settings))
    try:
        for path, array in arrays.items():
            *steps, key = path.split("/")
            place = content
            for step in steps:
                place = place[int(step) if isinstance(place, list) else step]
            place[key] = array
        return _DISTANCE.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        message = first["msg"].removeprefix("Value error, ")
        raise ReseenError(f"distance: {f'{where}: ' if where else ''}{message}") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ReseenError(f"distance: no place for array {path!r}") from error
