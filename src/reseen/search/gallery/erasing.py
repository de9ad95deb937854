"""Erasing a person: all pictures that are rather theirs, shown first and then gone, with a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from reseen.descriptors.calibration import Calibration
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.search.gallery.deleting.receipt import Receipt
from reseen.search.gallery.finding.filters import Filter, OneOf
from reseen.search.gallery.finding.results import Results
from reseen.search.gallery.gallery import Gallery
from reseen.search.search import Match

MOST = 10_000
"""So many pictures of a person are found at once; whoever has more is found by another call."""


def pictures_of(
    gallery: Gallery,
    like: Embeddings | ArrayLike,
    *,
    within: float | None = None,
    expected: float | None = None,
    calibration: Calibration | None = None,
) -> Results:
    """Returns all pictures that show the same person as some pictures, as far as can be told; nothing is deleted.

    Every row is compared. If `MOST` are returned, there may be more.

    Args:
        gallery: Where to look.
        like: One picture's descriptor or several pictures'.
        within: Up to this distance; by default as far as the evidence reaches.
        expected: How many pictures of the person there are thought to be; see `Gallery.search`.
        calibration: The model's; by default the one the gallery keeps.

    Raises:
        ReseenError: If nobody knows how far the evidence reaches.
    """
    if within is None:
        return gallery.search(like, MOST, exact=True, only_evidence=True, expected=expected, calibration=calibration)
    if not within >= 0:
        raise ReseenError(f"within is a distance of at least 0, not {within!r}")
    found = gallery.search(like, MOST, exact=True, expected=expected, calibration=calibration)
    return replace(found, matches=tuple(match for match in found if (match.distance or 0) <= within))


def erase(gallery: Gallery, matches: Sequence[Match]) -> Receipt:
    """Deletes matches of a gallery for good, and looks for them in every byte afterwards.

    Raises:
        ReseenError: If there is none, or the disk fails.
    """
    if not matches:
        raise ReseenError("there is nothing to erase")
    return gallery.remove(Filter((OneOf("id", tuple(match.id for match in matches)),)), scan=True)
