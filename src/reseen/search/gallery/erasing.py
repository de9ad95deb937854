"""Erasing a person: all pictures in which the model recognises them, shown first and then gone, with a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
NEAR = 0.25
"""Who is the same person with this probability or more stays only just: somebody should look."""
UNRECOGNISED = (
    "not recognised: pictures of the person that the model does not recognise stay in the gallery, and pictures of "
    "somebody else that it took for the person's are gone with them"
)


@dataclass(frozen=True, eq=False, repr=False)
class Pictures(Results):
    """Pictures in which the model recognises a person, nearest first.

    Attributes:
        rest: The next nearest ones, in which it does not: they stay.
    """

    rest: tuple[Match, ...] = ()

    @property
    def near(self) -> tuple[Match, ...] | None:
        """Those that stay only just, see `NEAR`; None without a calibration, or if all that were looked at go."""
        told = [match.probability for match in (*self.matches, *self.rest)]
        if None in told or len(self) >= MOST:
            return None
        return tuple(match for match in self.rest if (match.probability or 0) >= NEAR)


@dataclass(frozen=True)
class Erasure(Receipt):
    """Says also what a model may have missed, as it chose the rows.

    Attributes:
        near: How many of the rows that stay are the person with a probability of `NEAR` or more; None if nobody knows.
    """

    near: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Returns it for JSON, with what no deletion can reach and no model can promise."""
        return {**super().as_dict(), "unrecognised": UNRECOGNISED}

    def lines(self) -> list[str]:
        """Returns it in words."""
        return [*super().lines(), f"{UNRECOGNISED}; {stays(self.near)}"]


def pictures_of(
    gallery: Gallery,
    like: Embeddings | ArrayLike,
    *,
    within: float | None = None,
    expected: float | None = None,
    calibration: Calibration | None = None,
) -> Pictures:
    """Returns all pictures in which the model recognises the person of some pictures; nothing is deleted.

    It can miss some, and take somebody else's for theirs.

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
    if within is None and calibration is None and gallery.calibration is None:
        raise ReseenError(
            f"nobody knows where the evidence ends: the model of {gallery.place} has no calibration; give a distance "
            "(--within), or calibrate the model first (reseen calibrate CHECKPOINT DATA)"
        )
    if within is not None and not within >= 0:
        raise ReseenError(f"within is a distance of at least 0, not {within!r}")
    found = gallery.search(like, MOST, exact=True, expected=expected, calibration=calibration)
    count = found.evidence or 0 if within is None else sum((match.distance or 0) <= within for match in found)
    return Pictures(found[:count], found.exact, found.compared, rest=found[count:])


def erase(gallery: Gallery, found: Pictures) -> Erasure:
    """Deletes pictures from a gallery for good, and looks for them in every byte afterwards.

    Raises:
        ReseenError: If there is none, or the disk fails.
    """
    if not found:
        raise ReseenError("there is nothing to erase")
    made = gallery.remove(Filter((OneOf("id", tuple(match.id for match in found)),)), scan=True)
    return Erasure(**vars(made), near=None if found.near is None else len(found.near))


def stays(near: int | None) -> str:
    """Says in words how many pictures stay only just."""
    if near is None:
        return "how many of those that stay may be the person's, nobody knows"
    return f"{near:,} of those that stay are the person's with a probability of {NEAR:.0%} or more"
