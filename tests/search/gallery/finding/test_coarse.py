"""The coarse look never loses one of the nearest, and takes most others out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reseen import Gallery, ReseenError
from reseen.search.gallery.finding import coarse
from reseen.search.gallery.finding.coarse import Coarse
from tests.search.gallery.persons import by_hand, persons


@pytest.fixture(autouse=True)
def imitated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on processors that only imitate bfloat16."""
    monkeypatch.setattr(coarse, "runs_bfloat16", lambda device: True)


@pytest.mark.parametrize(("offset", "spread"), [(0, 1), (100, 1), (0, 1e-4), (1, 1e-3)])
def test_the_nearest_are_among_the_near(offset: float, spread: float) -> None:
    rng = np.random.default_rng(0)
    features = (offset + spread * rng.normal(size=(5_000, 64))).astype(np.float32)
    looked = Coarse.of(features[:2_000])
    assert looked is not None
    looked = looked.with_more(features[2_000:])
    few = 0
    for mask in (None, rng.random(5_000) < 0.3):
        for row in range(20):
            point = features[row] + (0.05 * spread * rng.normal(size=64)).astype(np.float32)
            exact = np.square(features.astype(np.float64) - point).sum(axis=1)
            exact[np.zeros(5_000, dtype=bool) if mask is None else ~mask] = np.inf
            near = looked.near(point, mask, 10)
            assert set(np.argsort(exact, kind="stable")[:10]) <= set(near.tolist())
            assert mask is None or mask[near].all()
            few += len(near)
    assert few < 40 * 1_500, "else nothing is won"


def test_equal_descriptors_are_all_near() -> None:
    features = np.ones((50, 8), np.float32)
    looked = Coarse.of(features)
    assert looked is not None
    assert looked.near(features[0], None, 3).tolist() == list(range(50))


def test_searches_are_exact_with_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = persons(900)
    queries = np.random.default_rng(1).normal(size=(20, 16))
    for name, runs in (("with", True), ("without", False)):
        monkeypatch.setattr(coarse, "runs_bfloat16", lambda device, runs=runs: runs)
        with Gallery.open(tmp_path / name) as gallery:
            gallery.add(people)
            for query in queries:
                for cameras in (None, [1, 2, 5]):
                    mask = np.ones(900, dtype=bool) if cameras is None else np.isin(people.camids, cameras)
                    found = [match.path for match in gallery.search(query, cameras=cameras)]
                    assert found == by_hand(people, query, mask, 10)


def test_who_has_it_open_sees_that_all_are_gone(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g") as gallery, Gallery.open(tmp_path / "g") as other:
        gallery.add(persons(60))
        assert other.search(np.zeros(16))
        gallery.delete(pids=range(50))
        with pytest.raises(ReseenError, match="the gallery is empty"):
            other.search(np.zeros(16))
        gallery.add(persons(3, seed=8))
        assert len(other.search(np.zeros(16))) == 3
