"""The one exception users are meant to read: a single line that names the thing and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ReseenError(Exception):
    """A mistake in input or configuration, worded for the user; the CLI prints it without a traceback."""


class ReseenWarning(UserWarning):
    """Something was left out or looks wrong, but the result stands; the message counts and names it."""


def one_line(error: BaseException) -> str:
    """Returns another library's message in one line, short enough to be read."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:199]}…"


def closest(word: str, words: Iterable[str], count: int = 3, *, cutoff: float = 0.5) -> list[str]:
    """Returns up to so many likely right spellings of a word, the likeliest first; none if none is near."""
    return difflib.get_close_matches(word, list(words), count, cutoff)


def nearest(word: str, words: Iterable[str], *, cutoff: float = 0.5) -> str:
    """Returns ``, did you mean 'x'?`` for the likeliest right spelling of a word, or nothing if none is near."""
    found = closest(word, words, 1, cutoff=cutoff)
    return f", did you mean {found[0]!r}?" if found else ""
