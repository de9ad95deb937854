"""Attribute filters in words: ``gender=male and upper_color in (red, blue) and hat != yes``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reseen.data.attribute_forms import Probabilities, convert_probabilities, families
from reseen.data.attributes import Attribute, AttributeSchema
from reseen.errors import ReseenError, closest

_TOKEN = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*'|[\w.+:-]+)|(?P<sign>!=|==?|[(),]))""")
_EXAMPLE = 'e.g. "gender=male and upper_color in (red, blue) and hat!=yes"'


@dataclass(frozen=True, slots=True)
class Shows:
    """A condition on an attribute of which several classes can be there at once.

    Attributes:
        name: The attribute.
        classes: At least one of them is there.
        negated: None of them is there.
    """

    name: str
    classes: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        if len(self.classes) == 1:
            return f"{self.name}{'!=' if self.negated else '='}{self.classes[0]}"
        return f"{self.name} {'not in' if self.negated else 'in'} ({', '.join(self.classes)})"


@dataclass(frozen=True, slots=True)
class AttributeFilter:
    """What a person has to look like.

    Attributes:
        allowed: For each required binary or multi-class attribute the names of the classes that are allowed; what is
            not named may be anything.
        shows: Conditions on multi-label attributes, and on colours predicted one by one; all must hold.
    """

    allowed: Mapping[str, tuple[str, ...]]
    shows: tuple[Shows, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes asked for; a colour predicted one by one also as ``upper_color:red``."""
        told = [(each.name, *(f"{each.name}:{own}" for own in each.classes)) for each in self.shows]
        return tuple(dict.fromkeys([*self.allowed, *(name for names in told for name in names)]))

    def matches(self, attributes: Probabilities, schema: AttributeSchema) -> NDArray[np.bool_]:
        """Returns which of N candidates contradict no required attribute (paper, fig. 8).

        A candidate contradicts an attribute if its predicted (most probable) class is not allowed. Of a multi-label
        attribute every class from one half on is there.

        Args:
            attributes: (N, classes) probabilities by attribute name.
            schema: Gives the order of the classes.

        Returns:
            (N,) mask.

        Raises:
            ReseenError: If a required attribute has no predictions.
        """
        kept = np.ones(len(next(iter(attributes.values()), ())), dtype=bool)
        for name, values in self.allowed.items():
            attribute, table = _predictions(name, attributes, schema)
            kept &= np.isin(attribute.decide(table)[:, 0], [attribute.index(value) for value in values])
        for each in self.shows:
            attribute, table = _predictions(each.name, attributes, schema)
            there = attribute.decide(table)[:, [attribute.index(value) for value in each.classes]].any(axis=1)
            kept &= there != each.negated
        return kept

    def probability(self, attributes: Probabilities, schema: AttributeSchema) -> NDArray[np.float64]:
        """Returns (N,) joint probabilities of the conditions, taken as independent of each other.

        Raises:
            ReseenError: If a required attribute has no predictions.
        """
        factors = []
        for name, values in self.allowed.items():
            attribute, table = _predictions(name, attributes, schema)
            factors.append(table[:, [attribute.index(value) for value in values]].sum(axis=1, dtype=np.float64))
        for each in self.shows:
            attribute, table = _predictions(each.name, attributes, schema)
            chosen = table[:, [attribute.index(value) for value in each.classes]].astype(np.float64)
            none = np.prod(1 - chosen, axis=1)
            factors.append(none if each.negated else 1 - none)
        return np.asarray(np.prod(factors, axis=0), dtype=np.float64)

    def __str__(self) -> str:
        """Returns the filter in the words `parse_where` reads."""
        allowed = [
            f"{name}={values[0]}" if len(values) == 1 else f"{name} in ({', '.join(values)})"
            for name, values in self.allowed.items()
        ]
        return " and ".join([*allowed, *map(str, self.shows)])


def _predictions(
    name: str, attributes: Probabilities, schema: AttributeSchema
) -> tuple[Attribute, NDArray[np.float32]]:
    """Returns an attribute and its probabilities (N, classes), of colours predicted one by one side by side."""
    apart = families(schema)
    if name in apart:
        needed = {f"{name}:{own}" for own in apart[name].classes}
        if needed <= attributes.keys():
            return apart[name], convert_probabilities(attributes, schema, apart)[name]
    elif name in attributes and attributes[name].shape[1] == len(schema[name].classes):
        return schema[name], attributes[name]
    if name in attributes:
        raise ReseenError(
            f"the gallery has {attributes[name].shape[1]} classes of attribute {name!r}, schema "
            f"{schema.name!r} has {len(schema[name].classes)}; both have to come from the same model"
        )
    has = f"it has: {', '.join(attributes)}" if attributes else "it has none"
    raise ReseenError(
        f"the gallery has no predictions of attribute {name!r} ({has}); embed it with a model trained on it"
    )


def parse_where(text: str, schema: AttributeSchema) -> AttributeFilter:
    """Reads a filter such as ``gender=male and upper_color in (red, blue) and hat!=yes``.

    Conditions are ``attribute=value``, ``attribute!=value``, ``attribute in (value, …)`` and
    ``attribute not in (value, …)``, joined by ``and``; upper and lower case do not matter, names with
    spaces stand in quotes. Several conditions on one attribute must all hold. Where several classes can be there at
    once, ``upper_color=red`` asks for one of them and leaves the others open.

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
        self.schema = AttributeSchema(schema.name, (*schema, *families(schema)))
        self.tokens = _tokens(text)
        self.position = 0

    def parse(self) -> AttributeFilter:
        allowed: dict[str, tuple[str, ...]] = {}
        shows: list[Shows] = []
        while True:
            attribute, values, negated = self._condition()
            if attribute.kind == "multi_label":
                shows.append(Shows(attribute.name, _in_order(attribute, values), negated))
            else:
                values = set(attribute.classes) - values if negated else values
                before = allowed.get(attribute.name, attribute.classes)
                allowed[attribute.name] = self._left(attribute, values.intersection(before))
            if self.position == len(self.tokens):
                return AttributeFilter(allowed, self._without_the_forbidden(shows))
            self._expect("and")

    def _without_the_forbidden(self, shows: list[Shows]) -> tuple[Shows, ...]:
        """Leaves what a negated condition forbids out of the others, and says what is twice once."""
        forbidden = {(each.name, own) for each in shows if each.negated for own in each.classes}
        kept = []
        for each in shows:
            if not each.negated:
                left = {own for own in each.classes if (each.name, own) not in forbidden}
                each = Shows(each.name, self._left(self.schema[each.name], left))
            kept.append(each)
        return tuple(dict.fromkeys(kept))

    def _left(self, attribute: Attribute, values: set[str]) -> tuple[str, ...]:
        if not values:
            raise ReseenError(f"where {self.text!r}: no value of {attribute.name!r} is left that fulfils it")
        return _in_order(attribute, values)

    def _condition(self) -> tuple[Attribute, set[str], bool]:
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
        return attribute, values, negated

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
        nearest = [by_folded[near] for near in closest(folded, by_folded, 2, cutoff=0.6)]
        hint = f"did you mean {' or '.join(nearest)}? " if nearest else ""
        raise ReseenError(
            f"where: no {what} is called {word!r}; {hint}there {'are' if len(by_folded) > 1 else 'is'}: "
            f"{', '.join(by_folded.values())}"
        )

    def _next(self, expected: str) -> str:
        if self.position == len(self.tokens):
            raise ReseenError(f"where {self.text!r} ends where {expected} is needed; {_EXAMPLE}")
        self.position += 1
        return self.tokens[self.position - 1]

    def _expect(self, word: str) -> None:
        token = self._next(repr(word))
        if token.lower() == "or":
            raise ReseenError(
                f"where {self.text!r}: conditions are joined by 'and' only; for several values of one "
                "attribute write: attribute in (value, value)"
            )
        if token.lower() != word:
            raise self._unexpected(token, repr(word))

    def _unexpected(self, token: str, expected: str) -> ReseenError:
        return ReseenError(f"where {self.text!r}: found {token!r} where {expected} is needed; {_EXAMPLE}")


def _in_order(attribute: Attribute, values: set[str]) -> tuple[str, ...]:
    return tuple(name for name in attribute.classes if name in values)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    end = 0
    stripped = text.rstrip()
    while end < len(stripped):
        found = _TOKEN.match(stripped, end)
        if found is None:
            raise ReseenError(f"where {text!r}: cannot read {stripped[end:].strip()!r}; {_EXAMPLE}")
        tokens.append(found["text"] or found["sign"])
        end = found.end()
    return tokens
