"""Finding a person again: by picture, by attributes, or by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reseen.data.attributes import AttributeSchema
from reseen.data.person import UNKNOWN_PID
from reseen.descriptors.calibration import EVIDENCE, Calibration, camera_pair
from reseen.descriptors.distances import exact_squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.cross_camera import own_camera
from reseen.search.where import AttributeFilter


@dataclass(frozen=True, slots=True)
class Match:
    """One gallery image that was found.

    Attributes:
        rank: 1 = nearest.
        row: Row in the gallery; -1 in a stored one, which knows its rows by their ``id``.
        path: Image reference, or an empty string if the gallery has none.
        distance: Distance to the query picture, or None without one.
        fits: Joint probability of the required attributes, or None without a filter.
        camid: Camera id.
        pid: Person id.
        attributes: What was read, such as a class, and its probability, by attribute name; see `Attribute.read`.
        parts: What each named feature has to do with the distance: shares of its *square*, or the terms of a sum
            of distances (`Distance.split`). Empty without a query picture or if the gallery's features have no names.
        id: Hash of the content, by which a stored gallery knows the row; else empty.
        seconds: When the picture was taken, or None.
        track: The track it belongs to, or None.
        source: Where it came from, as was said when it was added.
        probability: That it is the person in the query picture, or None without one or without a `Calibration`.
    """

    rank: int
    row: int
    path: str
    distance: float | None
    fits: float | None
    camid: int
    pid: int
    attributes: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    id: str = ""
    seconds: float | None = None
    track: int | None = None
    source: str = ""
    probability: float | None = None

    def shows(self, pid: int | None) -> bool | None:
        """Returns whether this is the person, or None if nobody knows who one of them is."""
        return None if pid is None or UNKNOWN_PID in (pid, self.pid) else self.pid == pid


def search(
    gallery: Embeddings,
    query: Embeddings | None,
    *,
    schema: AttributeSchema | None = None,
    where: AttributeFilter | None = None,
    top: int = 10,
    exclude: tuple[int, int] | None = None,
    calibration: Calibration | None = None,
) -> list[Match]:
    """Ranks a gallery by a picture, by attributes, or by both (AANet, fig. 8).

    With a picture, candidates are ranked by the distance that their descriptors are meant for; a filter first
    takes out those whose predicted attributes contradict it. With a filter alone they are ranked by the
    joint probability of the required attributes. Equal candidates keep the gallery's order.

    Args:
        gallery: Where to search.
        query: The query picture, embedded: one row; or None.
        schema: Names the classes of ``gallery.attributes``; needed with a filter.
        where: The filter, or None.
        top: At most this many matches.
        exclude: (pid, camid) of images that must not be found: the query's own, under its own camera.
        calibration: The model's, from which each match gets its probability.

    Returns:
        At most ``top`` matches, best first; empty if no candidate fulfils the filter.

    Raises:
        ReseenError: If the gallery is empty, descriptors do not fit each other, or nothing is asked for.
    """
    _check(gallery, query, schema, where, top)
    _check_classes(gallery, schema)
    candidates = np.ones(len(gallery), dtype=bool)
    if exclude is not None:
        candidates &= ~own_camera(gallery.pids, gallery.camids, *exclude)
    probabilities: NDArray[np.float64] | None = None
    if where is not None and schema is not None:
        attributes = gallery.attributes or {}
        probabilities = where.probability(attributes, schema)
        candidates &= where.matches(attributes, schema)
    rows = np.flatnonzero(candidates)

    if query is not None:
        keys = distances = _distances(query, gallery, rows)
    else:
        assert probabilities is not None
        keys, distances = -probabilities[rows], None
    best = np.argsort(keys, kind="stable")[:top]
    parts = gallery.distance.split(query, gallery, rows[best]) if query is not None and gallery.parts else {}
    matches = [
        Match(
            rank=rank,
            row=int(rows[place]),
            path=gallery.paths[rows[place]] if gallery.paths is not None else "",
            distance=None if distances is None else float(distances[place]),
            fits=None if probabilities is None else float(probabilities[rows[place]]),
            camid=int(gallery.camids[rows[place]]),
            pid=int(gallery.pids[rows[place]]),
            attributes=_predicted(gallery, int(rows[place]), schema),
            parts={name: float(shares[rank - 1]) for name, shares in parts.items()},
        )
        for rank, place in enumerate(best, start=1)
    ]
    return list(judged(matches, calibration, len(gallery)))


def judged(
    matches: Sequence[Match],
    calibration: Calibration | None,
    candidates: int,
    *,
    expected: float | None = None,
    camera: int | None = None,
    distances: NDArray[np.float64] | None = None,
) -> tuple[Match, ...]:
    """Returns matches with the probability of each; without a calibration, or a distance, as they are.

    Args:
        matches: Found by a picture.
        calibration: The model's.
        candidates: How many pictures there are in the gallery, whether a filter lets them through or not.
        expected: How many of them are thought to show the person; by default as many as when it was fitted.
        camera: The query's, if its cameras are those of the fit.
        distances: (n,) between two pictures each, if these are not the matches' own.
    """
    own = [match.distance for match in matches if match.distance is not None]
    if calibration is None or len(own) < len(matches):
        return tuple(matches)
    between = None if camera is None else [camera_pair(camera, match.camid) for match in matches]
    told = calibration.probability(
        own if distances is None else distances, candidates, expected=expected, between=between
    )
    return tuple(replace(match, probability=float(each)) for match, each in zip(matches, told, strict=True))


class Judged(Protocol):
    """A place of a list, with the probability that it is the same person; None if nobody knows."""

    @property
    def probability(self) -> float | None: ...


def evidence(matches: Sequence[Judged]) -> int | None:
    """Returns after how many matches the evidence ends: whoever follows is rather not the same person.

    None if nobody knows, for want of a query picture or a calibration.
    """
    if any(match.probability is None for match in matches):
        return None
    likely = [place for place, match in enumerate(matches, start=1) if (match.probability or 0) >= EVIDENCE]
    return max(likely, default=0)


def _check(
    gallery: Embeddings,
    query: Embeddings | None,
    schema: AttributeSchema | None,
    where: AttributeFilter | None,
    top: int,
) -> None:
    if len(gallery) == 0:
        raise ReseenError("the gallery is empty; add images to it before searching")
    if top < 1:
        raise ReseenError(f"top must be at least 1, got {top}")
    if query is None and where is None:
        raise ReseenError("nothing to search for: give a query picture, attributes, or both")
    if where is not None and schema is None:
        raise ReseenError(f"cannot filter by {where}: the model that made this gallery predicts no attributes")
    if query is not None:
        if len(query) != 1:
            raise ReseenError(f"search by one picture at a time, not {len(query)}")
        query.check_comparable(gallery)


def _check_classes(gallery: Embeddings, schema: AttributeSchema | None) -> None:
    for name, table in (gallery.attributes or {}).items():
        if schema is None or name not in schema:
            continue
        own = None if gallery.schema is None else gallery.schema[name]
        if table.shape[1] != len(schema[name].classes) or own not in (None, schema[name]):
            has = own or f"{table.shape[1]} classes of {name!r}"
            raise ReseenError(f"the gallery has {has}, the model {schema[name]}; both have to come from the same model")


def _distances(query: Embeddings, gallery: Embeddings, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the distances (len(rows),) to some gallery rows, from differences: exact also for near duplicates."""
    return np.sqrt(exact_squared_distances([space[0] for space in query.spaces()], gallery.spaces(), rows))


def _predicted(gallery: Embeddings, row: int, schema: AttributeSchema | None) -> dict[str, tuple[str, float]]:
    if schema is None or gallery.attributes is None:
        return {}
    predicted: dict[str, tuple[str, float]] = {}
    for attribute in schema:
        if attribute.name in gallery.attributes:
            predicted[attribute.name] = attribute.read(gallery.attributes[attribute.name][row])
    return predicted
