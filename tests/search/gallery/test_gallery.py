"""A gallery finds what comparing everything by hand finds, whatever the filter, and keeps what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reseen
from reseen import Embeddings, Gallery
from reseen.data.attributes import MARKET1501_SCHEMA, Attribute, AttributeSchema, binary
from reseen.descriptors.distance import Euclidean, Mahalanobis, Sum
from reseen.errors import ReseenError
from reseen.search import search
from reseen.search.gallery.finding import index
from reseen.search.where import parse_where
from tests.search.gallery.persons import by_hand, persons, png

PEOPLE = persons(2_000)
SECONDS = np.arange(2_000) * 0.5


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """Two thousand persons; nobody writes to it."""
    with Gallery.open(tmp_path_factory.mktemp("full") / "gallery") as gallery:
        assert gallery.add(PEOPLE, seconds=SECONDS) == 2_000
        yield gallery


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "gallery") as gallery:
        yield gallery


def paths(matches: Any) -> list[str]:
    return [match.path for match in matches]


def random_filter(rng: np.random.Generator) -> tuple[dict[str, Any], np.ndarray]:
    """Returns some conditions, and which rows they mean, computed without the gallery."""
    conditions: dict[str, Any] = {}
    mask = np.ones(len(PEOPLE), dtype=bool)
    if rng.random() < 0.6:
        conditions["cameras"] = rng.choice(9, size=rng.integers(1, 4), replace=False).tolist()
        mask &= np.isin(PEOPLE.camids, conditions["cameras"])
    if rng.random() < 0.4:
        conditions["since"] = float(rng.integers(0, 900))
        mask &= conditions["since"] <= SECONDS
    if rng.random() < 0.4:
        conditions["until"] = conditions.get("since", 0.0) + float(rng.integers(0, 900))
        mask &= conditions["until"] >= SECONDS
    words = [
        word
        for word in (
            "gender=female",
            "hat!=yes",
            "upper_color in (red, blue, black)",
            "upper_color not in (white, gray)",
        )
        if rng.random() < 0.4
    ]
    if words:
        conditions["where"] = " and ".join(words)
        assert PEOPLE.attributes is not None
        mask &= parse_where(conditions["where"], MARKET1501_SCHEMA).matches(PEOPLE.attributes, MARKET1501_SCHEMA)
    return conditions, mask


@pytest.mark.parametrize("large", [False, True], ids=["in memory", "read from the store"])
def test_filtered_search_equals_comparing_by_hand(full: Gallery, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(int(large))
    if large:
        monkeypatch.setattr(index, "EXACT_ROWS", 1_999)  # one row too many, unless a filter takes some out
    checked = 0
    while checked < (20 if large else 200):
        conditions, mask = random_filter(rng)
        if large and mask.all():
            continue
        query = rng.normal(size=16)
        found = full.search(query, top=10, **conditions)
        assert paths(found) == by_hand(PEOPLE, query, mask, 10), conditions
        assert found.exact
        assert found.compared == mask.sum()
        checked += 1


def test_a_filter_finds_what_is_far_from_the_nearest(gallery: Gallery) -> None:
    """Twenty of 10,000 rows are camera 99's, all farther away than everybody else."""
    near, far = persons(9_980), persons(20, seed=1, prefix="far")
    far = replace(far, features=far.features + 100, camids=np.full(20, 99))
    gallery.add(near)
    gallery.add(far)
    assert all(match.camid != 99 for match in gallery.search(np.zeros(16), top=100))
    found = gallery.search(np.zeros(16), top=50, cameras=99)
    assert set(paths(found)) == set(far.paths or ())
    assert len(found) == 20


def test_the_index_finds_nearly_all_and_says_that_it_was_used(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "EXACT_ROWS", 1_000)
    monkeypatch.setattr(index, "_PARTITION", 100)
    centres = np.random.default_rng(3).normal(size=(40, 16)) * 4
    clustered = replace(PEOPLE, features=PEOPLE.features * 0.5 + centres[np.arange(2_000) % 40])
    gallery.add(clustered, seconds=SECONDS)
    hits = 0
    for row in range(0, 2_000, 100):
        found = gallery.search(clustered.features[row], where="gender in (male, female)")
        assert not found.exact
        assert "by the index" in found.note
        distances = [match.distance for match in found]
        assert distances == pytest.approx(
            np.linalg.norm(clustered.features[[int(p[6:12]) for p in paths(found)]] - clustered.features[row], axis=1),
            abs=1e-6,
        )
        hits += len(set(paths(found)) & set(by_hand(clustered, clustered.features[row], np.ones(2_000, bool), 10)))
    assert hits >= 0.95 * 200


def test_a_match_carries_what_was_added(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:3], seconds=[1, np.nan, 3], tracks=7, source="hall.mp4")
    first, second = gallery.search(PEOPLE.features[1], top=2)
    assert (first.path, first.camid, first.pid, first.seconds, first.track, first.source) == (
        "crops/000001.jpg", 1, 1, None, 7, "hall.mp4",
    )  # fmt: skip
    assert first.distance == 0
    assert second.seconds in (1, 3)
    assert first.fits is None
    assert first.probability is None
    same = search(PEOPLE[:3], PEOPLE[[1]], schema=MARKET1501_SCHEMA)[0]
    assert dict(first.attributes) == dict(same.attributes)


def test_attributes_alone_rank_by_probability(full: Gallery) -> None:
    where = parse_where("gender=male and upper_color=red", MARKET1501_SCHEMA)
    expected = search(PEOPLE, None, schema=MARKET1501_SCHEMA, where=where, top=5)
    found = full.search(where="gender=male and upper_color=red", top=5)
    assert paths(found) == [match.path for match in expected]
    assert [match.fits for match in found] == pytest.approx([match.fits for match in expected])
    assert found[0].distance is None


def test_soft_search_leaves_nobody_out(full: Gallery) -> None:
    hard, soft = (full.search(where="hat=yes", top=3_000, soft=soft) for soft in (False, True))
    assert len(hard) < len(soft) == 2_000
    assert paths(soft)[: len(hard)] == paths(hard)
    assert all(match.attributes["hat"][0] == "no" for match in soft[len(hard) :])


def test_several_pictures_are_searched_by_their_mean(full: Gallery) -> None:
    both = PEOPLE.features[[3, 4]]
    assert paths(full.search(both)) == by_hand(PEOPLE, both.mean(axis=0), np.ones(2_000, bool), 10)
    assert paths(full.search(PEOPLE[[3, 4]])) == paths(full.search(both))


def test_unlike_moves_away(gallery: Gallery) -> None:
    """On a line: 0 is searched for, 1 is the wrong one; |g|² - ¼|g - 1|² is least at -⅓."""
    places = np.array([[-1.0], [-0.3], [0.3], [1.0]])
    gallery.add(Embeddings(places, np.arange(4), np.arange(4), paths=["a", "b", "c", "d"]))
    assert paths(gallery.search([0.0], top=4))[:2] == ["b", "c"]
    assert paths(gallery.search([0.0], top=4, unlike=[1.0])) == ["b", "c", "a", "d"]


def test_the_querys_own_camera_is_left_out(full: Gallery) -> None:
    assert full.search(PEOPLE.features[5], exclude=(5, 5))[0].path != "crops/000005.jpg"
    assert full.search(PEOPLE.features[5], exclude=(5, 4))[0].path == "crops/000005.jpg"


def test_a_learnt_distance_is_searched_by(gallery: Gallery) -> None:
    learnt = Mahalanobis(matrix=np.random.default_rng(0).normal(size=(4, 16)))
    mine = replace(PEOPLE, distance=learnt)
    gallery.add(mine)
    expected = search(mine, mine[[9]], top=5)
    for query in (mine[[9]], mine.features[9]):
        found = gallery.search(query, top=5)
        assert paths(found) == [match.path for match in expected]
        assert [match.distance for match in found] == pytest.approx([match.distance for match in expected], abs=1e-5)
    with pytest.raises(ReseenError, match="cannot be compared"):
        gallery.search(PEOPLE[[9]])


def test_a_sum_of_distances_says_what_to_do(gallery: Gallery) -> None:
    parts = {"left": 8, "right": 8}
    terms = Sum(terms=(Euclidean(features=("left",)), Euclidean(features=("right",))))
    with pytest.raises(ReseenError, match=r"one Euclidean distance, .* left and right: add embeddings\.feature"):
        gallery.add(replace(PEOPLE, parts=parts, distance=terms))
    assert len(gallery) == 0


def test_several_classes_at_once_can_be_asked_for(gallery: Gallery) -> None:
    schema = AttributeSchema(
        "bags",
        (Attribute("color", ("red", "blue", "green"), "multi_label"), binary("shoe:black"), binary("shoe:white")),
    )
    table = np.array([[0.9, 0.8, 0.1], [0.9, 0.1, 0.1], [0.1, 0.2, 0.5], [0.1, 0.1, 0.1]], np.float32)
    black, white = (
        np.stack([1 - p, p], axis=1).astype(np.float32) for p in (np.array([1, 0, 1, 0]), np.array([0, 0, 1, 1]))
    )
    people = Embeddings(
        np.eye(4), np.arange(4), np.arange(4),
        {"color": table, "shoe:black": black, "shoe:white": white}, list("abcd"),
    )  # fmt: skip
    gallery.add(people, schema=schema)
    for where in ("color=red", "color in (blue, green)", "color!=red", "shoe=black", "shoe not in (black, white)"):
        expected = parse_where(where, schema).matches(people.attributes or {}, schema)
        assert sorted(paths(gallery.search(np.zeros(4), where=where))) == [
            path for path, kept in zip("abcd", expected, strict=True) if kept
        ]
        assert len(gallery.search(where=where)) == expected.sum()


def test_attributes_nobody_knows_get_plain_classes(gallery: Gallery) -> None:
    rng = np.random.default_rng(0)
    tables = {"umbrella": rng.random((5, 2)).astype(np.float32), "shape": rng.random((5, 3)).astype(np.float32)}
    gallery.add(Embeddings(rng.normal(size=(5, 2)), np.arange(5), np.arange(5), tables))
    assert gallery.schema is not None
    assert {a.name: a.classes for a in gallery.schema} == {"umbrella": ("no", "yes"), "shape": ("0", "1", "2")}
    assert len(gallery.search(where="umbrella=yes and shape!=1")) == sum(
        u[1] > u[0] and s.argmax() != 1 for u, s in zip(*tables.values(), strict=True)
    )


def test_rows_without_paths_or_attributes(gallery: Gallery) -> None:
    bare = Embeddings(PEOPLE.features[:5], PEOPLE.pids[:5], PEOPLE.camids[:5])
    assert gallery.add(bare) == 5
    assert gallery.search(PEOPLE.features[2])[0].path == ""
    with pytest.raises(ReseenError, match="predicts no attributes"):
        gallery.search(where="hat=yes")


def test_adding_again_adds_nothing(gallery: Gallery, tmp_path: Path) -> None:
    assert gallery.add(PEOPLE[:30]) == 30
    assert gallery.add(PEOPLE[20:40]) == 10
    twice = PEOPLE[np.array([50, 50])]
    assert gallery.add(twice) == 1
    with Gallery.open(tmp_path / "gallery") as reopened:
        assert len(reopened) == 41
        assert reopened.add(PEOPLE[:30]) == 0


def test_the_same_picture_by_another_name_is_the_same(gallery: Gallery, tmp_path: Path) -> None:
    files = [tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png"]
    for file, seed in zip(files, (0, 0, 1), strict=True):
        file.write_bytes(png(seed))
    named = replace(PEOPLE[:3], paths=[str(file) for file in files])
    assert gallery.add(named, copy=True) == 2
    files[2].unlink()
    match = gallery.search(PEOPLE.features[2])[0]
    assert gallery.picture(match).read() == png(1)
    assert gallery.add(named[:1], pictures=[png(0)]) == 0


def test_a_search_sees_what_another_has_added_and_deleted(gallery: Gallery, tmp_path: Path) -> None:
    gallery.add(PEOPLE[:100])
    with Gallery.open(tmp_path / "gallery") as other:
        assert other.search(PEOPLE.features[150])[0].distance
        gallery.add(PEOPLE[100:200])
        assert other.search(PEOPLE.features[150])[0].distance == 0
        gallery.delete(paths=["crops/000150.jpg", "crops/000000.jpg"])
        assert len(other) == 198
        assert other.search(PEOPLE.features[150])[0].distance
        assert paths(other.search(PEOPLE.features[160], top=1)) == ["crops/000160.jpg"]


def test_results_are_paged_though_the_gallery_changes(gallery: Gallery) -> None:
    gallery.add(PEOPLE[:50])
    found = gallery.search(PEOPLE.features[0], top=25)
    page, cursor = found.page(size=10)
    gallery.add(replace(PEOPLE[:50], features=PEOPLE.features[:50] * 1.01, paths=[f"new/{i}" for i in range(50)]))
    seen = list(page)
    while cursor:
        page, cursor = found.page(cursor, size=10)
        seen += page
    assert tuple(seen) == found.matches
    for bad in ("x", "x.3", found.page(size=10)[1] + "9"):
        with pytest.raises(ReseenError, match="no cursor of this search"):
            found.page(bad)


def test_it_is_a_public_name() -> None:
    assert reseen.Gallery is Gallery
