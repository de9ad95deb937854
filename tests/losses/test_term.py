"""What a term is called, and which heads it works on."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from reseen.errors import ReseenError
from reseen.losses.identity import Identity, IdentityConfig
from reseen.losses.term import Training

HEADS = {"global": 0, "part/0": 1, "part/1": 2, "partial": 3}


def term(**options: object) -> Identity:
    return Identity(IdentityConfig.model_validate({"kind": "identity", **options}), Training())


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({}, "identity"),
        ({"heads": ["global"]}, "global"),
        ({"heads": ["global", "part"]}, "global+part"),
        ({"heads": ["global"], "name": "who"}, "who"),
    ],
)
def test_title(options: dict[str, object], title: str) -> None:
    assert term(**options).config.title == title


@pytest.mark.parametrize(
    ("heads", "chosen"),
    [
        ([], ["global", "part/0", "part/1", "partial"]),
        (["part"], ["part/0", "part/1"]),  # not those that only begin with the same letters
        (["part/1", "global"], ["part/1", "global"]),  # in the order they are named in
        (["part", "part/0"], ["part/0", "part/1"]),
    ],
)
def test_heads(heads: list[str], chosen: list[str]) -> None:
    assert list(term(heads=heads).chosen(HEADS, "identity logits")) == chosen
    assert all(value == HEADS[name] for name, value in term(heads=heads).chosen(HEADS, "identity logits").items())


def test_a_head_that_is_not_there_is_named_with_those_that_are() -> None:
    message = "term 'attention' names the head 'attention', but those with identity logits are: global, part, partial"
    with pytest.raises(ReseenError, match=message):
        term(heads=["attention"]).chosen(HEADS, "identity logits")
    with pytest.raises(ReseenError, match="'who': the system has no identity logits; take the term out"):
        term(name="who").chosen({}, "identity logits")


@pytest.mark.parametrize("options", [{"weight": -1}, {"weight": float("nan")}, {"name": "a b"}, {"wieght": 1}])
def test_mistakes_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        term(**options)
