"""What attributes are called in front of people, and which of them are nobody's business unless an operator says so."""

from __future__ import annotations

_SENSITIVE = (
    "gender", "sex", "male", "female", "personalmale", "personalfemale",
    "age", "young", "old", "adult", "child", "teen", "personalless", "personallarger",
    "ethnic", "race", "skin",
)  # fmt: skip
"""How the names of such attributes begin, in small letters."""


def plain_line(text: str) -> str:
    """Returns what somebody wrote in one line, without signs that nobody sees or that turn the others around."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def is_sensitive(attribute: str) -> bool:
    """Whether an attribute says how old somebody looks, of which gender, or from where."""
    return attribute.partition(":")[0].casefold().startswith(_SENSITIVE)


def label(attribute: str) -> str:
    """Returns what people call an attribute: ``gender`` is what somebody looks like, not what they are."""
    plain = attribute.replace("_", " ").replace(":", " ")
    return f"apparent {plain}" if is_sensitive(attribute) else plain
