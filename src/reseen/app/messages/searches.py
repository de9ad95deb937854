"""What is said of searches, and of what was found."""

from __future__ import annotations

from pydantic import Field

from reseen.app.messages.base import EXAMPLE_ROW, Message
from reseen.app.messages.rows import Row


class Result(Message):
    """One place of a search's list: a possible match.

    Attributes:
        rank: 1 = nearest.
        id: The row's; empty if it may not be seen.
        distance: To what was searched by; None without a picture.
        fits: Probability of the required attributes; None without any.
        probability: Of the same person, calibrated; None if nobody knows.
        row: What is known of it; None if it was deleted since, or may not be seen.
        verdict: What somebody said of it: whether it is right.
        hidden: Whether it is there, but may not be seen.
    """

    rank: int
    id: str = Field(examples=[EXAMPLE_ROW])
    distance: float | None = None
    fits: float | None = None
    probability: float | None = None
    row: Row | None = None
    verdict: bool | None = None
    hidden: bool = False


class QueryPicture(Message):
    """A picture that was searched by.

    Attributes:
        reference: Names it for other calls.
        unlike: Whether the person is not the one in it.
        hash: Of its content; empty if it is a row that may not be seen.
        kept: Whether the picture is still there.
        picture: Where it is to be had.
    """

    reference: str = Field(examples=["query:Zk3dYh0fX2aB.0"])
    unlike: bool
    hash: str
    kept: bool
    picture: str


class PersonFound(Message):
    """Somebody in a picture of several people.

    Attributes:
        reference: Names their crop, to search by it; it waits for a while, for whoever has sent the picture.
        box: Left, top, right and bottom in pixels of the picture.
        confidence: The detector's, from 0 to 1.
        picture: Where the crop is to be had.
    """

    reference: str = Field(examples=["crop:Zk3dYh0fX2aB.0"])
    box: tuple[float, float, float, float]
    confidence: float
    picture: str


class Search(Message):
    """A search: a record that stays as it was.

    Attributes:
        id: By which it is opened again.
        at: When, in seconds since 1970.
        who: By whom.
        purpose: Why.
        where: Required attributes.
        cameras: Only these; empty: all.
        since: Only from this second on.
        until: Only up to this second.
        reranked: Whether the nearest were ordered by k-reciprocal encoding.
        model: Digest of the model.
        gallery: Table and version of the gallery.
        note: How it was searched.
        total: Length of the list.
        evidence: After how many places the evidence ends: who follows is rather not the same person; None if nobody
            knows.
        queries: What was searched by.
        results: One page of the list.
        cursor: Brings the next page; empty after the last.
    """

    id: str = Field(examples=["Zk3dYh0fX2aB"])
    at: float
    who: str
    purpose: str = Field(examples=["lost child, case 4711"])
    where: str = Field(examples=["upper_color=red and backpack=yes"])
    cameras: tuple[int, ...]
    since: float | None
    until: float | None
    reranked: bool
    model: str
    gallery: str
    note: str
    total: int
    evidence: int | None
    queries: tuple[QueryPicture, ...] = ()
    results: tuple[Result, ...] = ()
    cursor: str = ""


class Rerun(Message):
    """The same search once more.

    Attributes:
        search: The new record.
        same: Whether its list is the old one.
        deleted: Rows of the old list that are gone from the gallery.
        new: Rows of the new list that were not in the old one.
    """

    search: Search
    same: bool
    deleted: tuple[str, ...]
    new: tuple[str, ...]


class SearchList(Message):
    """Searches without their lists, newest first."""

    searches: tuple[Search, ...]
    cursor: str


class Verdict(Message):
    """Whether a result is right; None takes back what was said."""

    row: str = Field(examples=[EXAMPLE_ROW], max_length=64)
    correct: bool | None
