"""Attribute filters in words: ``gender=male and upper_color in (red, blue) and hat != yes``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reseen.data.attributes import Attribute, AttributeSchema
from reseen.errors import ReseenError

Probabilities = Mapping[str, NDArray[np.float32]]
"""(N, classes) by attribute name, as `Embeddings.attributes` holds them."""

_TOKEN = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*'|[\w.+-]+)|(?P<sign>!=|==?|[(),]))""")
_EXAMPLE = 'e.g. "gender=male and upper_color in (red, blue) and hat!=yes"'


@dataclass(frozen=True, slots=True)
class AttributeFilter:
    """What a person has to look like: for each required attribute the classes that are allowed.

    Attributes:
        allowed: Class names by attribute name; what is not named may be anything.
    """

    allowed: Mapping[str, tuple[str, ...]]

    def matches(self, attributes: Probabilities, schema: AttributeSchema) -> NDArray[np.bool_]:
        """Returns which of N candidates contradict no required attribute (paper, fig. 8).

        A candidate contradicts an attribute if its predicted (most probable) class is not allowed.

        Args:
            attributes: (N, classes) probabilities by attribute name.
            schema: Gives the order of the classes.

        Returns:
            (N,) mask.

        Raises:
            ReseenError: If a required attribute has no predictions.
        """
        kept = np.ones(len(next(iter(attributes.values()), ())), dtype=bool)
        for name, table in self._tables(attributes, schema).items():
            kept &= np.isin(table.argmax(axis=1), self._classes(schema[name]))
        return kept

    def probability(self, attributes: Probabilities, schema: AttributeSchema) -> NDArray[np.float64]:
        """Returns (N,) joint probabilities of the required attributes, taken as independent of each other.

        Raises:
            ReseenError: If a required attribute has no predictions.
        """
        factors = [
            table[:, self._classes(schema[name])].sum(axis=1, dtype=np.float64)
            for name, table in self._tables(attributes, schema).items()
        ]
        return np.asarray(np.prod(factors, axis=0), dtype=np.float64)

    def __str__(self) -> str:
        """Returns the filter in the words `parse_where` reads."""
        return " and ".join(
            f"{name}={values[0]}" if len(values) == 1 else f"{name} in ({', '.join(values)})"
            for name, values in self.allowed.items()
        )

    def _classes(self, attribute: Attribute) -> list[int]:
        return [attribute.index(value) for value in self.allowed[attribute.name]]

    def _tables(self, attributes: Probabilities, schema: AttributeSchema) -> Probabilities:
        for name in self.allowed:
            if name not in attributes:
                has = f"it has: {', '.join(attributes)}" if attributes else "it has none"
                raise ReseenError(
                    f"the gallery has no predictions of attribute {name!r} ({has}); embed it with a model trained on it"
                )
            if attributes[name].shape[1] != len(schema[name].classes):
                raise ReseenError(
                    f"the gallery has {attributes[name].shape[1]} classes of attribute {name!r}, schema "
                    f"{schema.name!r} has {len(schema[name].classes)}; both have to come from the same model"
                )
        return {name: attributes[name] for name in self.allowed}


def parse_where(text: str, schema: AttributeSchema) -> AttributeFilter:
    """Reads a filter such as ``gender=male and upper_color in (red, blue) and hat!=yes``.

    Conditions are ``attribute=value``, ``attribute!=value``, ``attribute in (value, …)`` and
    ``attribute not in (value, …)``, joined by ``and``; upper and lower case do not matter, names with
    spaces stand in quotes. Several conditions on one attribute must all hold.

    Args:
        text: The filter.
        schema: The attributes and values that exist.

    Raises:
        ReseenError: If the text is no such filter, names an attribute or value that does not exist, or
            leaves an attribute without any possible value; one line with the nearest right name.
    """
    return _Parser(text, schema).parse()


class _Parser:
    """Recursive descent: filter = condition {"and" condition}."""

    def __init__(self, text: str, schema: AttributeSchema) -> None:
        self.text = text
        self.schema = schema
        self.tokens = _tokens(text)
        self.position = 0

    def parse(self) -> AttributeFilter:
        allowed: dict[str, tuple[str, ...]] = {}
        while True:
            attribute, values = self._condition()
            kept = tuple(value for value in allowed.get(attribute.name, attribute.classes) if value in values)
            if not kept:
                raise ReseenError(f"--where {self.text!r}: no value of {attribute.name!r} is left that fulfils it")
            allowed[attribute.name] = kept
            if self.position == len(self.tokens):
                return AttributeFilter(allowed)
            self._expect("and")

    def _condition(self) -> tuple[Attribute, set[str]]:
        attribute = self._attribute(self._next("an attribute"))
        sign = self._next(f"=, != or in after {attribute.name!r}").lower()
        negated = sign in ("!=", "not")
        if sign == "not":
            self._expect("in")
        if sign in ("in", "not"):
            values = self._values(attribute)
        elif sign in ("=", "==", "!="):
            values = {self._value(attribute)}
        else:
            raise self._unexpected(sign, f"=, != or in after {attribute.name!r}")
        return attribute, set(attribute.classes) - values if negated else values

    def _values(self, attribute: Attribute) -> set[str]:
        self._expect("(")
        values = {self._value(attribute)}
        while (sign := self._next("a comma or )")) == ",":
            values.add(self._value(attribute))
        if sign != ")":
            raise self._unexpected(sign, "a comma or )")
        return values

    def _attribute(self, word: str) -> Attribute:
        if word == "(":
            raise self._unexpected(word, "an attribute")
        return self.schema[self._known(word, self.schema.names, "attribute")]

    def _value(self, attribute: Attribute) -> str:
        return self._known(
            self._next(f"a value of {attribute.name!r}"), attribute.classes, f"value of attribute {attribute.name!r}"
        )

    def _known(self, word: str, names: Iterable[str], what: str) -> str:
        """Returns the name as the schema spells it."""
        by_folded = {name.casefold(): name for name in names}
        folded = word.strip("\"'").casefold()
        if folded in by_folded:
            return by_folded[folded]
        nearest = [by_folded[near] for near in difflib.get_close_matches(folded, by_folded, n=2, cutoff=0.6)]
        hint = f"did you mean {' or '.join(nearest)}? " if nearest else ""
        raise ReseenError(
            f"--where: no {what} is called {word!r}; {hint}there {'are' if len(by_folded) > 1 else 'is'}: "
            f"{', '.join(by_folded.values())}"
        )

    def _next(self, expected: str) -> str:
        if self.position == len(self.tokens):
            raise ReseenError(f"--where {self.text!r} ends where {expected} is needed; {_EXAMPLE}")
        self.position += 1
        return self.tokens[self.position - 1]

    def _expect(self, word: str) -> None:
        token = self._next(repr(word))
        if token.lower() == "or":
            raise ReseenError(
                f"--where {self.text!r}: conditions are joined by 'and' only; for several values of one "
                "attribute write: attribute in (value, value)"
            )
        if token.lower() != word:
            raise self._unexpected(token, repr(word))

    def _unexpected(self, token: str, expected: str) -> ReseenError:
        return ReseenError(f"--where {self.text!r}: found {token!r} where {expected} is needed; {_EXAMPLE}")


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    end = 0
    stripped = text.rstrip()
    while end < len(stripped):
        found = _TOKEN.match(stripped, end)
        if found is None:
            raise ReseenError(f"--where {text!r}: cannot read {stripped[end:].strip()!r}; {_EXAMPLE}")
        tokens.append(found["text"] or found["sign"])
        end = found.end()
    return tokens
