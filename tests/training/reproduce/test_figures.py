"""Figures are found, averaged, compared and written as the papers' tables have them."""

from __future__ import annotations

import pytest

from reseen.training.reproduce.figures import RERANKED, differences, figures_of, mean_of, ranks, spread_of, written

BOTH = ranks(81.5, 92.7) | ranks(88.4, 94.7, RERANKED)


def test_figures_are_found_where_reports_have_them() -> None:
    content = {
        "mAP": 0.5,
        "ranking": {"mAP": 0.5, "rank1": 0.75},
        "reranked": {"mAP": 0.625},
        "attributes": {"mean_accuracy": {"colors_multi_class": 0.25}},
    }
    assert figures_of(content) == {"mAP": 50, "rank-1": 75, f"{RERANKED}mAP": 62.5, "attributes": 25}
    assert figures_of({"mA": 0.8461}) == {"mA": pytest.approx(84.61)}
    assert figures_of({"ranking": None, "attributes": []}) == {}


@pytest.mark.parametrize(
    ("figures", "form", "text"),
    [
        (ranks(82.45, 93.89), "g", "82.45 / 93.89"),
        (BOTH, "g", "81.5 / 92.7, re-ranked 88.4 / 94.7"),
        ({"mA": 84.61}, ".2f", "mA 84.61"),
        ({"rank-1": 96.43}, ".2f", "– / 96.43"),
        ({"attributes": 87.8} | ranks(1, 2), ".2f", "1.00 / 2.00, attributes 87.80"),
        ({}, ".2f", ""),
    ],
)
def test_figures_are_written_in_pairs(figures: dict[str, float], form: str, text: str) -> None:
    assert written(figures, form) == text


def test_differences_have_signs_and_are_of_what_both_have() -> None:
    assert differences(ranks(82.00, 94.01), BOTH) == "+0.50 / +1.31"
    assert differences(BOTH, ranks(82.0, 92.7)) == "−0.50 / +0.00"
    assert differences({f"{RERANKED}mAP": 80, f"{RERANKED}rank-1": 90}, BOTH) == "re-ranked −8.40 / −4.70"
    assert differences({}, BOTH) == ""


def test_seeds_are_averaged_over_what_all_of_them_have() -> None:
    one, other = ranks(70, 80), ranks(72, 84) | {"mA": 50}
    assert mean_of([one, other]) == ranks(71, 82)
    assert spread_of([one, other]) == pytest.approx(ranks(2**0.5, 8**0.5))
    assert written(mean_of([one, other]), spread=spread_of([one, other])) == "71.00 ± 1.41 / 82.00 ± 2.83"
    assert mean_of([one]) == one
    assert spread_of([one]) == {}
    assert mean_of([]) == {}
