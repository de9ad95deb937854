"""How probable each match is, where the evidence ends, and what re-ranking and unlike pictures change."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from reseen import Embeddings, Gallery, ReseenError
from reseen.evaluation import ReRanking
from reseen.search import matches_table, search
from reseen.search.gallery.finding import index
from reseen.search.gallery.finding.sought import UNLIKE_WEIGHT
from tests.search.gallery.persons import CALIBRATION, persons


def told(distance: float, prior: float) -> float:
    """Bayes' rule, with ln ratio = 10 - 2 d."""
    odds = np.exp(10 - 2 * distance) * prior / (1 - prior)
    return float(odds / (1 + odds))


def line(places: list[float]) -> Embeddings:
    """Pictures on a line, by their places."""
    count = len(places)
    return Embeddings(
        np.array(places)[:, None], np.arange(count), np.arange(count), paths=[str(p) for p in places], model="m1"
    )


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(line([0, 1, 2, 3, 4, 5, 6, 7]))
        yield gallery


def test_without_a_calibration_nothing_is_told(gallery: Gallery) -> None:
    found = gallery.search([0.0])
    assert {match.probability for match in found} == {None}
    assert found.evidence is None
    with pytest.raises(ReseenError, match=r"nobody knows where the evidence ends: .* reseen calibrate"):
        gallery.search([0.0], only_evidence=True)


def test_probabilities_take_into_account_how_many_are_searched(gallery: Gallery) -> None:
    gallery.calibration = CALIBRATION
    found = gallery.search([0.0])
    assert [match.probability for match in found] == pytest.approx([told(d, 1 / 8) for d in range(8)])
    assert found.evidence == 5  # ln 7 = 1.95: the ratio must be above that, so d < 4.03
    more = gallery.search([0.0], expected=3)
    assert [match.probability for match in more] == pytest.approx([told(d, 3 / 8) for d in range(8)])
    few = gallery.search([0.0], cameras=[3, 4, 7])  # a filter changes who is found, and not how probable they are
    assert [match.probability for match in few] == pytest.approx([told(d, 1 / 8) for d in (3, 4, 7)])
    with Gallery.open(gallery.folder) as reopened:
        assert reopened.calibration == CALIBRATION


def test_only_evidence_may_be_nobody(gallery: Gallery) -> None:
    gallery.calibration = CALIBRATION
    assert [match.path for match in gallery.search([0.0], only_evidence=True)] == ["0", "1", "2", "3", "4"]
    assert list(gallery.search([20.0], only_evidence=True)) == []
    with pytest.raises(ReseenError, match="needs a query picture"):
        gallery.search(where="hat=yes", only_evidence=True)


def test_cameras_are_told_apart_only_if_asked_for(gallery: Gallery) -> None:
    gallery.calibration = CALIBRATION
    assert gallery.search([0.0], query_camera=2)[5].probability == pytest.approx(1 / (1 + 7 * np.exp(3)))
    assert gallery.search([0.0])[5].probability == pytest.approx(told(5, 1 / 8))


def test_several_pictures_are_no_nearer_than_each_of_them(gallery: Gallery) -> None:
    """Of 1 and 5 the centre is 3; the picture at 3 is two away from both."""
    gallery.calibration = CALIBRATION
    first = gallery.search([[1.0], [5.0]])[0]
    assert (first.path, first.distance) == ("3", 0)
    assert first.probability == pytest.approx(told(2, 1 / 8))


def test_unlike_pictures_change_the_order_and_no_distance(gallery: Gallery) -> None:
    gallery.calibration = CALIBRATION
    found = gallery.search([3.0], top=8, unlike=[4.0])
    score = [(p - 3) ** 2 - UNLIKE_WEIGHT * (p - 4) ** 2 for p in range(8)]
    assert [match.path for match in found] == [str(p) for p in np.argsort(score, kind="stable")]
    assert [match.rank for match in found] == list(range(1, 9))
    for match in found:
        assert match.distance == pytest.approx(abs(float(match.path) - 3))
        assert match.probability == pytest.approx(told(match.distance or 0, 1 / 8))


@pytest.mark.parametrize("large", [False, True], ids=["in memory", "read from the store"])
def test_re_ranking_is_the_evaluations_own(tmp_path: Path, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that pass the filter are few enough to be re-ranked: the order is that of `ReRanking` on them."""
    if large:
        monkeypatch.setattr(index, "EXACT_ROWS", 599)
    people = persons(600)
    chosen = people[people.camids == 3]
    query = chosen[[5]]
    expected = np.argsort(ReRanking().distances(query, chosen)[0], kind="stable")
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(people)
        found = gallery.search(query, top=30, cameras=3, rerank=True)
        plain = gallery.search(query, top=200, cameras=3)
    assert [match.path for match in found] == [(chosen.paths or ())[row] for row in expected[:30]]
    assert [match.path for match in found] != [match.path for match in plain[:30]]
    distances = {match.path: match.distance for match in plain}
    assert [match.distance for match in found] == pytest.approx([distances[match.path] for match in found])


def test_the_note_says_what_orders_a_list_that_is_not_in_the_order_of_its_distances(gallery: Gallery) -> None:
    plain = "8 rows compared one by one"
    less = "squared distance to the query less 0.25 of that to whom it is not"
    alone = "distances are to the query alone"
    reranked = "ordered by their own neighbours"
    assert gallery.search([0.0]).note == plain
    assert gallery.search([0.0], unlike=[3.0]).note == f"{plain}; ordered by {less}; {alone}"
    assert gallery.search([0.0], rerank=True).note == f"{plain}; the nearest 8 {reranked}; {alone}"
    both = gallery.search([0.0], unlike=[3.0], rerank=True)
    assert both.note == f"{plain}; the nearest 8 by {less} {reranked}; {alone}"


def test_another_models_calibration_is_refused(gallery: Gallery) -> None:
    with pytest.raises(ReseenError, match="the calibration is of model m2"):
        gallery.calibration = CALIBRATION.model_copy(update={"model": "m2"})
    assert gallery.calibration is None


def test_a_damaged_calibration_is_told(gallery: Gallery) -> None:
    (gallery.folder / "persons-m1.calibration.json").write_text('{"model": "m1"}')
    with pytest.raises(ReseenError, match=r"gallery .*: ") as error:
        gallery.search([0.0])
    assert "\n" not in str(error.value)


def test_in_memory_it_is_the_same(gallery: Gallery) -> None:
    gallery.calibration = CALIBRATION
    in_memory = search(line([0, 1, 2, 3, 4, 5, 6, 7]), line([0]), calibration=CALIBRATION)
    assert [match.probability for match in in_memory] == [match.probability for match in gallery.search([0.0])]


@pytest.mark.parametrize(("query", "above"), [(0.0, 5), (30.0, 0), (1.0, None)])
def test_the_table_says_where_the_evidence_ends(gallery: Gallery, query: float, above: int | None) -> None:
    gallery.calibration = CALIBRATION
    found = gallery.search([query], top=8 if above is not None else 3)
    output = io.StringIO()
    Console(file=output, width=80).print(matches_table(found))
    lines = [each for each in output.getvalue().splitlines() if "%" in each or "rather not" in each]
    assert len(lines) == len(found) + (above is not None)
    assert [place for place, each in enumerate(lines) if "▼  rather not the same " in each] == (
        [] if above is None else [above]
    )


def test_exclude_and_calibration_go_together(gallery: Gallery) -> None:
    gallery.calibration = CALIBRATION
    assert gallery.search([0.0], exclude=(0, 0))[0].probability == pytest.approx(told(1, 1 / 8))
