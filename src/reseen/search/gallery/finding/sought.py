"""Who is sought in a gallery: persons like these and unlike those, as points among its descriptors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.where import AttributeFilter, parse_where

UNLIKE_WEIGHT = 0.25
"""What a picture of whom it is not counts, beside one of whom it is; `benchmarks/unlike.py` measures it."""


@dataclass(frozen=True, eq=False)
class Sought:
    """Pictures of whom is sought, and of whom not, in the space of a gallery's descriptors.

    Attributes:
        like: (n, d) at least one.
        unlike: (m, d) maybe none.
    """

    like: NDArray[np.float32]
    unlike: NDArray[np.float32]

    @property
    def centre(self) -> NDArray[np.float32]:
        """(d,) l, the mean of those that are sought: ranking by it is ranking by the mean squared distance."""
        mean: NDArray[np.float32] = self.like.mean(axis=0, dtype=np.float64).astype(np.float32)
        return mean

    @property
    def point(self) -> NDArray[np.float32]:
        """(d,) where to search.

        To rank by |g - l|² - w |g - u|², u being the mean of those that are not sought, is to rank by the distance to
        (l - w u) / (1 - w), so that any index can serve it.
        """
        if not len(self.unlike):
            return self.centre
        away = self.unlike.mean(axis=0, dtype=np.float64)
        return np.asarray((self.centre - UNLIKE_WEIGHT * away) / (1 - UNLIKE_WEIGHT), dtype=np.float32)

    def of_pairs(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the root of the mean squared distance to each picture sought, from distances to their centre.

        A calibration speaks of two pictures; the mean of several lies nearer to everybody than they do.
        """
        spread = float(np.square(self.like.astype(np.float64) - self.centre).sum(axis=1).mean())
        return np.sqrt(np.square(distances) + spread)


def wanted_of(where: str | AttributeFilter, layout: Layout) -> AttributeFilter | None:
    """Returns the attributes that are required of a table's rows, or None if none are.

    Args:
        where: Such as ``gender=male and backpack=yes``.
        layout: The table's.

    Raises:
        ReseenError: If it is something else, or the table's model does not predict this.
    """
    if not isinstance(where, (str, AttributeFilter)):
        raise ReseenError(f"where must be text such as 'gender=male and hat=yes', got {where!r}")
    if not where:
        return None
    if layout.schema is None:
        raise ReseenError(f"cannot filter by {where}: the model that made this gallery predicts no attributes")
    return parse_where(str(where), layout.schema)
