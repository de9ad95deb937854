"""What the API says and is told, in one place for the server and for `reseen.client`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_ROW = "8f434346648f6b96df89dda901c5176b"


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class ReadAttribute(_Message):
    """What the model reads in a picture: a guess with its probability, not a fact about a person.

    Attributes:
        name: The attribute.
        label: What to call it.
        value: Its class.
        probability: How probable the model finds that class.
    """

    name: str
    label: str
    value: str
    probability: float


class Row(_Message):
    """A picture in the gallery.

    Attributes:
        id: Hash of its content.
        person: Number that it shares with others of the same person, where somebody has said so; else None.
        camera: Which has taken it.
        seconds: When: since 1970, or since the recording began; None where nobody knows.
        track: The track it belongs to, or None.
        source: Where it came from.
        picture: Where the picture is to be had.
        attributes: What the model reads in it.
    """

    id: str = Field(examples=[_ROW])
    person: int | None
    camera: int
    seconds: float | None
    track: int | None
    source: str
    picture: str = Field(examples=[f"/api/rows/{_ROW}/picture"])
    attributes: tuple[ReadAttribute, ...]


class Result(_Message):
    """One place of a search's list: a possible match.

    Attributes:
        rank: 1 = nearest.
        id: The row's.
        distance: To what was searched by; None without a picture.
        fits: Probability of the required attributes; None without any.
        probability: Of the same person, calibrated; None if nobody knows.
        row: What is known of it; None if it was deleted since, or may not be seen.
        verdict: What somebody said of it: whether it is right.
    """

    rank: int
    id: str = Field(examples=[_ROW])
    distance: float | None
    fits: float | None
    probability: float | None
    row: Row | None
    verdict: bool | None


class QueryPicture(_Message):
    """A picture that was searched by.

    Attributes:
        reference: Names it for other calls.
        unlike: Whether the person is not the one in it.
        hash: Of its content.
        kept: Whether the picture is still there.
        picture: Where it is to be had.
    """

    reference: str = Field(examples=["query:Zk3dYh0fX2aB.0"])
    unlike: bool
    hash: str
    kept: bool
    picture: str


class Search(_Message):
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
    model: str
    gallery: str
    note: str
    total: int
    evidence: int | None
    queries: tuple[QueryPicture, ...] = ()
    results: tuple[Result, ...] = ()
    cursor: str = ""


class Rerun(_Message):
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


class SearchList(_Message):
    """Searches without their lists, newest first."""

    searches: tuple[Search, ...]
    cursor: str


class RowList(_Message):
    """Rows, newest first."""

    rows: tuple[Row, ...]
    cursor: str


class FacetClass(_Message):
    """One class of an attribute, and how many rows would be left if it were chosen."""

    value: str
    count: int


class Facet(_Message):
    """One attribute and its classes."""

    name: str = Field(examples=["upper_color"])
    label: str
    classes: tuple[FacetClass, ...]


class Camera(_Message):
    """A camera and how many rows it has taken."""

    camera: int
    count: int


class Facets(_Message):
    """What can be chosen from, counted under a filter.

    Attributes:
        total: Rows that pass the filter.
        facets: Attributes.
        cameras: Cameras.
        first: Earliest time, or None.
        last: Latest time, or None.
    """

    total: int
    facets: tuple[Facet, ...]
    cameras: tuple[Camera, ...]
    first: float | None
    last: float | None


class Part(_Message):
    """What one part of the descriptor has to do with the distance: a share of its square, or a term of a sum."""

    name: str
    value: float


class AttributePair(_Message):
    """One attribute of two pictures, and the probability that both have the same class."""

    name: str
    label: str
    one: ReadAttribute
    other: ReadAttribute
    agrees: bool
    same: float


class CoveringTest(_Message):
    """How far the distance moves when the hottest places of a map are covered, and when others are.

    Attributes:
        map: The map.
        share: Of the picture's area that was covered.
        by_map: The distance with the map's places covered.
        by_chance: The distances with the same shape covered elsewhere.
    """

    map: str
    share: float
    by_map: float
    by_chance: tuple[float, ...]


class Why(_Message):
    """Two pictures compared.

    Attributes:
        one: The first picture's reference.
        other: The second's.
        distance: Between them.
        total: What the parts add up to: the distance or its square.
        squared: Whether it is the square.
        parts: The distance taken apart.
        attributes: Side by side.
        covering: None for a model without maps.
        maps: Names of the maps of either picture.
    """

    one: str
    other: str
    distance: float
    total: float
    squared: bool
    parts: tuple[Part, ...]
    attributes: tuple[AttributePair, ...]
    covering: CoveringTest | None
    maps: tuple[str, ...]


class Verdict(_Message):
    """Whether a result is right; None takes back what was said."""

    row: str = Field(examples=[_ROW], max_length=64)
    correct: bool | None


class Deletion(_Message):
    """What to delete; all that is said must hold."""

    cameras: tuple[int, ...] | None = None
    persons: tuple[int, ...] | None = None
    sources: tuple[str, ...] | None = None
    rows: tuple[str, ...] | None = None
    since: float | None = None
    until: float | None = None
    reason: str = Field(min_length=3, max_length=500, examples=["request of the person, 12 May"])


class Receipt(_Message):
    """What a deletion has done.

    Attributes:
        at: When it was done.
        who: By whom.
        reason: Why.
        criteria: What was asked for.
        rows: Rows gone from the gallery.
        left: Rows it still has.
        queries: Pictures that searches had kept, gone too.
        verdicts: Verdicts on these rows, gone too.
        drawn: Pictures that showed some of them, drawn by `reseen search` and `reseen gallery search`, gone too.
        looked_for: How many of the rows were looked for afterwards, by id, path, picture and descriptor.
        files: How many files of the gallery were read for it.
        bytes: How many bytes these have.
        found: In how many of them something was found: none, else the deletion has failed.
        beyond: What no deletion reaches.
        audit: Hash of the audit entry that has noted it.
    """

    at: float
    who: str
    reason: str
    criteria: dict[str, Any]
    rows: int
    left: int
    queries: int
    verdicts: int
    drawn: int
    looked_for: int
    files: int
    bytes: int
    found: int
    beyond: str
    audit: str


class Retention(_Message):
    """After how many days rows and kept query pictures are to be deleted."""

    days: float = Field(gt=0, le=36_500)


class Job(_Message):
    """Pictures on their way into the gallery.

    Attributes:
        id: By which it is found.
        at: When it was asked for.
        who: By whom.
        state: How it is going.
        source: Where the pictures come from.
        camera: Which has taken them.
        done: Pictures that are through.
        total: Of how many.
        added: How many of them were new.
        seconds_left: How long it will take; None while nobody knows.
        message: What went wrong, or what a reader should know.
    """

    id: str
    at: float
    who: str
    state: Literal["receiving", "waiting", "running", "cancelling", "done", "cancelled", "failed"]
    source: str
    camera: int | None
    done: int
    total: int
    added: int
    seconds_left: float | None
    message: str


class ModelInfo(_Message):
    """The model, as its own card describes it."""

    digest: str
    rows: int
    width: int
    attributes: tuple[str, ...]
    sensitive: bool
    calibration: str
    card: str


class AuditEntry(_Message):
    """One entry of the audit trail."""

    number: int
    at: float
    who: str
    action: str
    detail: dict[str, Any]
    hash: str


class AuditPage(_Message):
    """Entries, newest first, and whether the chain holds."""

    entries: tuple[AuditEntry, ...]
    cursor: str
    problems: tuple[str, ...]
