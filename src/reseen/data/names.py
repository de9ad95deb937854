"""File names that carry person and camera, as regular expressions with the named groups pid, camid and seconds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from reseen.data.person import UNKNOWN_CAMERA, UNKNOWN_PID
from reseen.errors import ReseenError

MARKET_NAME = r"(?P<pid>-1|\d+)_c(?P<camid>\d+)"
"""Start of a name as Market-1501 and those who took over its layout write it: ``0002_c1…``."""
CAMERA = re.compile(r"(?:^|_)c(\d+)")
"""Camera anywhere in a name: ``c3_17.jpg``, ``run_c3.jpg``."""
GROUPS = ("pid", "camid", "seconds")

COMMON: Mapping[str, str] = {
    "Market-1501": MARKET_NAME,
    "MARS": r"(?:00)?(?P<pid>-1|\d+)C(?P<camid>\d+)T\d+F\d+",
    "MSMT17": r"(?P<pid>\d{4})_\d{3}_(?P<camid>\d{2})_\d{4}(?:morning|noon|afternoon)_",
    "person1_cam2": r"(?i)(?:p|id|pid|person)[_-]?(?P<pid>\d+)[_-](?:c|cam|camera)[_-]?(?P<camid>\d+)",
    "pid_camid_…": r"(?P<pid>\d+)_(?P<camid>\d+)_",
}
"""Pattern by what names like it are known by; the strictest come first."""

_DIGITS = 18
"""That a number can have to be an id: such numbers, and sums of a few, fit into 64 bits."""
_ENOUGH = 0.9
"""Share of the names a pattern has to fit to be suggested."""


def told_by(name: str) -> tuple[str, str]:
    """Returns person and camera as an image's file name tells them; empty what it does not tell.

    Args:
        name: Without folders. One like Market-1501's (``12_c3…``) tells both, ``c3`` elsewhere in it the camera.
    """
    if match := re.match(MARKET_NAME, name):
        return match["pid"], match["camid"]
    found = CAMERA.search(name)
    return "", found[1] if found else ""


def ids_in(name: str) -> tuple[int, int]:
    """Returns person and camera id as an image's file name tells them, or ``UNKNOWN_PID`` and ``UNKNOWN_CAMERA``."""
    person, camera = map(number_of, told_by(name))
    return UNKNOWN_PID if person is None else person, UNKNOWN_CAMERA if camera is None else camera


def number_of(text: str) -> int | None:
    """Returns the number that a text is, or None if it is another one or too long for an id."""
    return int(text) if re.fullmatch(rf"-?[0-9]{{1,{_DIGITS}}}", text) else None


def id_or_name(text: str) -> int | str:
    """Returns the id that a user means by a text, -1 for ``unknown``, or the text itself if it is a name."""
    number = UNKNOWN_CAMERA if text == "unknown" else number_of(text)
    return text if number is None else number


def concealed(name: str) -> str:
    """Returns what is kept of a person's name: the same for the same one, which it does not tell; empty for none.

    It makes a name no secret: whoever has a name can see whether it is this one.
    """
    return hashlib.sha256(b"person " + name.encode("utf-8", "surrogatepass")).hexdigest()[:32] if name else ""


def storable(texts: Sequence[str]) -> Sequence[str]:
    """Returns texts that can be stored, which are in UTF-8.

    Raises:
        ReseenError: If one is not, such as a file's name in another coding; names it.
    """
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ReseenError(f"the name {text!a} is not in UTF-8, so it cannot be stored: rename it") from None
    return texts


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Returns a user's pattern, which is laid on the start of a file name.

    Raises:
        ReseenError: If it is no regular expression, has no group ``pid``, or a group that means nothing here.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ReseenError(f"pattern {pattern!r} is no regular expression: {error}") from error
    example = r"such as (?P<pid>\d+)_c(?P<camid>\d+)"
    if "pid" not in compiled.groupindex:
        raise ReseenError(f"pattern {pattern!r} has no group pid, so it tells no person; write one {example}")
    if strange := sorted(set(compiled.groupindex) - set(GROUPS)):
        raise ReseenError(f"pattern {pattern!r} has a group {strange[0]!r}; groups are {', '.join(GROUPS)}, {example}")
    return compiled


def suggest_pattern(names: Sequence[str]) -> tuple[str, str] | None:
    """Returns what names look like and the pattern that reads them, or None if no common one fits.

    Args:
        names: File names without folders. A pattern has to fit nine in ten, and find somebody twice: dates and
            counters look like persons, but never come back.
    """
    for title, pattern in COMMON.items():
        persons = [match["pid"] for match in map(re.compile(pattern).match, names) if match]
        if names and len(persons) >= _ENOUGH * len(names) and len(set(persons)) < len(persons):
            return title, pattern
    return None
