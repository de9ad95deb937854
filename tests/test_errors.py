"""Messages that help."""

from __future__ import annotations

import pytest

from reseen.errors import nearest, one_line


@pytest.mark.parametrize(
    ("word", "hint"),
    [("epoch", ", did you mean 'epochs'?"), ("warm", ", did you mean 'warmup'?"), ("qqq", "")],
)
def test_nearest_names_the_likeliest_word_or_none(word: str, hint: str) -> None:
    assert nearest(word, ["epochs", "warmup", "lr"]) == hint


def test_other_libraries_messages_become_one_short_line() -> None:
    assert one_line(ValueError("first\n  second")) == "first second"
    assert one_line(ValueError()) == "ValueError"
    assert len(one_line(ValueError("x" * 999))) == 200
