"""Matches as data, for other programs: what ``--json`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reseen.data.person import UNKNOWN_CAMERA, UNKNOWN_PID
from reseen.search.search import Match, evidence


def matches_json(matches: Sequence[Match], note: str = "") -> str:
    """Returns a list as JSON: how it was searched, after how many matches the evidence ends, and the matches.

    What nobody knows is null: distances without a query picture, probabilities without a calibration, times, tracks,
    persons.

    Args:
        matches: What a search found, best first.
        note: How it was searched.
    """
    told = {"note": note, "evidence": evidence(matches) if matches else None, "matches": list(map(_told, matches))}
    return json.dumps(told, indent=2, ensure_ascii=False)


def _told(match: Match) -> Mapping[str, object]:
    return {
        "rank": match.rank,
        "id": match.id or None,
        "path": match.path,
        "distance": match.distance,
        "fits": match.fits,
        "same_person": match.probability,
        "person": None if match.pid == UNKNOWN_PID else match.pid,
        "camera": None if match.camid == UNKNOWN_CAMERA else match.camid,
        "seconds": match.seconds,
        "track": match.track,
        "source": match.source or None,
        "attributes": {name: {"value": value, "probability": p} for name, (value, p) in match.attributes.items()},
        "parts": dict(match.parts),
    }
