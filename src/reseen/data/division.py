"""Who is trained on and who is tested: which options of a data set decide that, and how many folds they leave."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reseen.checkpoint_files import divisions_of, trained_on
from reseen.data import DATASETS, checked_options, loader, loader_options
from reseen.errors import ReseenError

_FOLD = "fold"
_SAME_PICTURES = ({"peta", "viper"},)
"""Data sets one of which is in the other: PETA has all pictures of VIPeR's persons."""


def division(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those of a data set's options that decide who is trained on, with their defaults.

    That is ``fold``, and what the data set's ``folds`` depends on; nothing for a data set with a single division.

    Raises:
        ReseenError: If there is no such data set or option, or it cannot have this value.
    """
    options = checked_options(name, options)
    if _FOLD not in loader_options(name):
        return {}
    known = inspect.signature(loader(name)).parameters
    return {option: options.get(option, known[option].default) for option in (*_deciding(name), _FOLD)}


def check_folds(name: str, options: Mapping[str, Any], folds: int) -> None:
    """Makes sure that a data set has so many folds.

    Raises:
        ReseenError: If it has fewer with these options.
    """
    deciding = {option: value for option, value in division(name, options).items() if option != _FOLD}
    there = DATASETS[name].folds(**deciding) if _FOLD in loader_options(name) else 1
    if folds > there:
        has = f"{there} folds; give {there} or fewer" if there > 1 else "no folds; leave it out"
        raise ReseenError(f"--folds {folds}: {name}{_words(' with ', deciding)} has {has}")


def as_trained(checkpoint: Path, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options of a data set with which a checkpoint has seen none of the test pictures.

    What the options do not say is as it was in training.

    Args:
        checkpoint: Folder of the checkpoint.
        name: Key of the data set.
        options: Of its loader.

    Raises:
        ReseenError: If they divide the data set in another way than the checkpoint's training did.
    """
    known = divisions_of(checkpoint).get(name, [])
    chosen = {**(known[0] if known else {}), **options}
    if why := may_know(checkpoint, name, chosen):
        how = "leave that option out, or evaluate" if known else "evaluate"
        raise ReseenError(f"{checkpoint} {why}: {how} a model that has not seen them")
    return chosen


def may_know(checkpoint: Path, name: str, options: Mapping[str, Any]) -> str:
    """Says why a checkpoint may know test persons of a data set; empty if it has seen none of them.

    Args:
        checkpoint: Folder of the checkpoint.
        name: Key of the data set.
        options: Of its loader.

    Raises:
        ReseenError: If it is no checkpoint, or does not say what it was trained on.
    """
    seen, known, asked = trained_on(checkpoint), divisions_of(checkpoint).get(name, []), division(name, options)
    if other := next((own for own in known if own != asked), None):
        return f"was trained on {name}{_words(' with ', other)}, and may know test persons of{_words(' ', asked)}"
    if asked and not known and name in seen:
        return f"was trained on {name}, does not say how that was divided, and may know test persons"
    for around in seen:
        if {name, around} in _SAME_PICTURES:
            return f"was trained on {around}, and may know test persons of {name}: both have pictures of these"
    return ""


def _deciding(name: str) -> tuple[str, ...]:
    """Returns the options, beside the fold, that tell how many folds there are."""
    return tuple(inspect.signature(DATASETS[name].folds).parameters)


def _words(before: str, options: Mapping[str, Any]) -> str:
    return before + ", ".join(f"{option}={value}" for option, value in options.items()) if options else ""
