"""Messages that help."""

from __future__ import annotations

import pytest

from reseen.errors import closest, nearest, one_line


@pytest.mark.parametrize(
    ("word", "hint"),
    [("epoch", ", did you mean 'epochs'?"), ("warm", ", did you mean 'warmup'?"), ("qqq", "")],
)
def test_nearest_names_the_likeliest_word_or_none(word: str, hint: str) -> None:
    assert nearest(word, ["epochs", "warmup", "lr"]) == hint


def test_the_closest_come_first_and_no_more_than_wanted() -> None:
    assert closest("epoch", ["lr", "epoc", "epochs"]) == ["epochs", "epoc"]
    assert closest("epoch", ["epoc", "epochs"], 1) == ["epochs"]
    assert closest("epoch", ["apache"], cutoff=0.9) == []


def test_other_libraries_messages_become_one_short_line() -> None:
    assert one_line(ValueError("first\n  second")) == "first second"
    assert one_line(ValueError()) == "ValueError"
    assert len(one_line(ValueError("x" * 999))) == 200
