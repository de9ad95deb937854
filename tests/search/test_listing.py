"""Matches as JSON: everything that a match knows, and null for what nobody knows."""

from __future__ import annotations

import json

import pytest

from reseen.search import Match
from reseen.search.listing import matches_json


def test_a_match_says_all_it_knows() -> None:
    near = Match(
        rank=1, row=-1, path="a/ü.jpg", distance=0.25, fits=None, camid=3, pid=7, id="ab", seconds=12.5, track=4,
        source="tour", probability=0.9, attributes={"hat": ("yes", 0.75)}, parts={"global": 1.0},
    )  # fmt: skip
    far = Match(rank=2, row=-1, path="b.jpg", distance=2.0, fits=0.5, camid=-1, pid=-1, probability=0.01)
    text = matches_json([near, far], "2 rows compared one by one")
    assert "ü" in text
    told = json.loads(text)
    assert (told["note"], told["evidence"]) == ("2 rows compared one by one", 1)
    assert told["matches"][0] == {
        "rank": 1, "id": "ab", "path": "a/ü.jpg", "distance": 0.25, "fits": None, "same_person": 0.9, "person": 7,
        "camera": 3, "seconds": 12.5, "track": 4, "source": "tour", "parts": {"global": 1.0},
        "attributes": {"hat": {"value": "yes", "probability": 0.75}},
    }  # fmt: skip
    unknown = {name for name, value in told["matches"][1].items() if value is None}
    assert unknown == {"id", "person", "camera", "seconds", "track", "source"}


@pytest.mark.parametrize("matches", [[], [Match(1, 0, "a.jpg", 0.5, None, 1, 2)]])
def test_nobody_knows_where_the_evidence_ends(matches: list[Match]) -> None:
    assert json.loads(matches_json(matches))["evidence"] is None
