"""The one exception users are meant to read: a single line that names the thing and the remedy."""


class ReseenError(Exception):
    """A mistake in input or configuration, worded for the user; the CLI prints it without a traceback."""


class ReseenWarning(UserWarning):
    """Something was left out or looks wrong, but the result stands; the message counts and names it."""
