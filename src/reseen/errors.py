"""The one exception users are meant to read: a single line that names the thing and the remedy."""


class ReseenError(Exception):
    """A mistake in input or configuration, worded for the user; the CLI prints it without a traceback."""


def one_line(error: BaseException) -> str:
    """Returns another library's message in one line, short enough to be read."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:199]}…"


class ReseenWarning(UserWarning):
    """Something was left out or looks wrong, but the result stands; the message counts and names it."""
