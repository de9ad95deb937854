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


def nearest(word: str, words: Iterable[str], *, cutoff: float = 0.5) -> str:
    """Returns ``, did you mean 'x'?`` for the likeliest right spelling of a word, or nothing if none is near."""
    close = difflib.get_close_matches(word, list(words), 1, cutoff)
    return f", did you mean {close[0]!r}?" if close else ""
