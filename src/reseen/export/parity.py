"""Whether an exported graph gives what the system gives."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError

LEAST_COSINE = 0.9999
"""Between the descriptor a graph gives of a picture and the system's own; below it is another model."""
PICTURES = 12
"""How many are compared."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How near the descriptors of the same pictures are.

    Attributes:
        cosine: The smallest of all pictures.
        probability: Largest difference of an attribute's probability; 0 without attributes.
        pictures: How many were compared.
    """

    cosine: float
    probability: float
    pictures: int

    def words(self) -> str:
        """Returns what a user and a card are told."""
        return (
            f"{self.pictures} pictures: smallest cosine {self.cosine:.6f}, "
            f"largest difference of a probability {self.probability:.6f}"
        )

    def check(self) -> None:
        """Makes sure that both are the same model.

        Raises:
            ReseenError: If they are not.
        """
        if not self.cosine >= LEAST_COSINE:
            raise ReseenError(
                f"the graph's descriptors differ from PyTorch's: cosine {self.cosine:.6f}, needed {LEAST_COSINE}: "
                "nothing was written; run this model with --backend torch"
            )


def compare(own: Embeddings, other: Embeddings) -> Parity:
    """Returns how near two models' descriptors of the same pictures are, row by row."""
    one, two = own.features.astype(np.float64), other.features.astype(np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    cosines = (one * two).sum(1) / np.maximum(lengths, np.finfo(np.float64).tiny)
    tables = ((table, (other.attributes or {})[name]) for name, table in (own.attributes or {}).items())
    differences = [float(np.abs(table - twin).max()) for table, twin in tables]
    return Parity(float(cosines.min()), max(differences, default=0.0), len(own))


def pictures_of_nobody(size: tuple[int, int], count: int = PICTURES) -> list[PersonImage]:
    """Returns pictures (H, W), the same ones every time: there may be no others at hand.

    They are soft patches of colour with some grain, as smooth as photographs are.
    """
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        patches = Image.fromarray(rng.integers(0, 256, (8, 4, 3), dtype=np.uint8))
        smooth = np.asarray(patches.resize((size[1], size[0]), Image.Resampling.BICUBIC))
        pixels = np.clip(smooth + rng.normal(0, 8, smooth.shape), 0, 255).astype(np.uint8)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "PNG")
        found.append(PersonImage(encoded.getvalue()))
    return found
