"""PETA (Deng et al., ACM MM 2014): 19,000 images of 8,699 persons in 10 subsets, for attributes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from reseen.data.annotations.peta_as_market import SCHEMA as MARKET_SCHEMA
from reseen.data.annotations.peta_as_market import as_market1501
from reseen.data.annotations.peta_labels import (
    COLORED,
    COLORS,
    SELECTED,
    SUBSETS,
    Picture,
    Rows,
    archives,
    check_rows,
    known_words,
    read_list,
    read_pictures,
    read_rows,
    read_words,
)
from reseen.data.attributes import Attribute, AttributeSchema, binary
from reseen.data.images.source import Folder, open_folder
from reseen.data.person import PersonImage, Split
from reseen.data.sets.halves import FOLDS, check_fold, random_halves
from reseen.errors import ReseenError

TERMS = "PETA (Deng et al., ACM MM 2014): for research only; its ten subsets keep the terms of their own authors."

MEMORY = "figures are partly memory of persons, who occur in training and test: split=disjoint has none"
"""A note in the words of all folds, so that it stays on their mean."""

_SEED = 2014
_TRAIN_SHARE = 0.6
_GIVEN_FOLDS = 5
_LISTS = ("PETA_train_list.txt", "PETA_test_list.txt")
_FORMS = ("selected", "all", "grouped", "market1501")

Way = Literal["random", "list", "disjoint"]
"""How persons or pictures are divided."""


def recognise(folder: Folder) -> bool:
    """Whether subsets of PETA lie here."""
    return bool(archives(folder))


def missing(folder: Folder) -> tuple[str, ...]:
    """Returns the subsets that are not there."""
    there = archives(folder)
    return tuple(f"{name}/archive/" for index, name in enumerate(SUBSETS) if index not in there)


def folds(*, split: Way = "random") -> int:
    """Returns how many splits of a kind there are."""
    return {"random": _GIVEN_FOLDS, "list": 1, "disjoint": FOLDS}.get(split, 1)


def load(
    root: Path,
    *,
    split: Way = "random",
    fold: int = 0,
    attributes: Literal["selected", "all", "grouped", "market1501"] = "selected",
) -> Split:
    """Reads PETA: ``train`` to learn attributes on, ``gallery`` to test them on, no queries.

    ``PETA.mat`` and ``PETA_*_list.txt`` are looked for in ``root``, in ``annotations``, and beside.

    Args:
        root: The folder of the subsets, one above it, or a zip.
        split: ``random``: one of the 5 splits of ``PETA.mat`` (training and validation together to train).
            ``list``: the published list files. ``disjoint``: 60 % of the persons to train, drawn with a seed
            of its own; the two others share persons between training and test.
        fold: 0-4 of ``random``, 0-9 of ``disjoint``.
        attributes: The 35 usually evaluated; all 105 of ``PETA.mat``; or these ``grouped`` into 61 binary ones and
            the colours of upper and lower body, footwear and hair, several of which can be there at once; or what they
            say of 9 of Market-1501's (``market1501``), to judge a model that has learnt those.

    Raises:
        ReseenError: If the subsets, or what the split needs, are missing or do not fit each other.
    """
    if attributes not in _FORMS:
        raise ReseenError(f"PETA has no attributes {attributes!r}; choose one of: {', '.join(_FORMS)}")
    folder = open_folder(root)
    pictures = read_pictures(folder)
    if not pictures:
        raise ReseenError(f"no PETA in {root}: expected folders such as 3DPeS/archive/, CUHK/archive/ with images")
    words = read_words(folder)
    mat = folder.find_annotation("PETA.mat")
    rows = read_rows(mat) if mat else None
    if rows:
        check_rows(rows, pictures, words)
    trained, listed = _divide(folder, pictures, rows, split, fold)
    known = SELECTED if attributes == "selected" else known_words(words, rows)
    schema, word_of = _schema(known, grouped=attributes == "grouped")
    label: Callable[[frozenset[str]], dict[str, int]] = partial(_labels, schema=schema, word_of=word_of)
    if attributes == "market1501":
        schema, label = MARKET_SCHEMA, as_market1501
    present = [
        words.get(picture.person, rows.words_of(row) if rows else listed.get(picture.key))
        for row, picture in enumerate(pictures)
    ]
    labels = [{} if own is None else label(own) for own in present]
    pids = {person: pid for pid, person in enumerate(sorted({picture.person for picture in pictures}), 1)}
    images = [
        PersonImage(picture.entry.path, pids[picture.person], 1 + picture.subset, label, archive=picture.entry.archive)
        for picture, label in zip(pictures, labels, strict=True)
    ]
    used = trained.keys()
    train = tuple(images[row] for row in sorted(used) if trained[row])
    test = tuple(images[row] for row in sorted(used) if not trained[row])
    return Split(
        name="peta",
        train=train,
        query=(),
        gallery=test,
        schema=schema,
        terms=TERMS,
        notes=tuple(_notes(folder, train, test, f"{split} split {fold}")),
    )


def _divide(
    folder: Folder, pictures: Sequence[Picture], rows: Rows | None, split: str, fold: int
) -> tuple[dict[int, bool], dict[tuple[int, str], frozenset[str]]]:
    """Returns whether each row of the split trains, and the words the list files give, if it is they that split."""
    if split == "disjoint":
        persons = sorted({picture.person for picture in pictures})
        number = {person: index for index, person in enumerate(persons)}
        chosen = random_halves(number.values(), fold, train=round(_TRAIN_SHARE * len(persons)), seed=_SEED)
        return {row: number[picture.person] in chosen for row, picture in enumerate(pictures)}, {}
    if split == "random":
        check_fold(fold, _GIVEN_FOLDS)
        if rows is None:
            raise ReseenError(f"no PETA.mat in or beside {folder}: its random splits need it; or set split=disjoint")
        train, test = rows.partitions[fold]
        return dict.fromkeys(train, True) | dict.fromkeys(test, False), {}
    if split != "list":
        raise ReseenError(f"PETA has no split {split!r}; choose random, list or disjoint")
    check_fold(fold, 1)
    lists = [folder.find_annotation(name) for name in _LISTS]
    row_of = {picture.key: row for row, picture in enumerate(pictures)}
    trains: dict[int, bool] = {}
    words: dict[tuple[int, str], frozenset[str]] = {}
    for name, entry, is_train in zip(_LISTS, lists, (True, False), strict=True):
        if entry is None:
            raise ReseenError(f"no {name} in or beside {folder}: the list split needs it; or set split=disjoint")
        listed = read_list(entry)
        words |= listed
        if absent := listed.keys() - row_of.keys():
            subset, stem = min(absent)
            raise ReseenError(f"{len(absent)} images in {name} are not there, first: {SUBSETS[subset]}/archive/{stem}")
        trains |= {row_of[key]: is_train for key in listed}
    return trains, words


def _schema(words: Sequence[str], *, grouped: bool) -> tuple[AttributeSchema, Mapping[str, tuple[str, ...]]]:
    """Returns the attributes, and each one's words: of a binary one the word for yes, of a colour one a class."""
    colors = {
        name: {color: prefix + ending for color, ending in COLORS.items() if prefix + ending in words}
        for name, prefix in (COLORED.items() if grouped else ())
    }
    word_of = {name: tuple(own.values()) for name, own in colors.items() if own}
    plain = [word for word in words if not any(word in own for own in word_of.values())]
    colored = [Attribute(name, tuple(colors[name]), "multi_label") for name in word_of]
    return AttributeSchema("peta", (*map(binary, plain), *colored)), {word: (word,) for word in plain} | word_of


def _labels(words: frozenset[str], schema: AttributeSchema, word_of: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Returns a person's labels: a bit for each word, which of a binary attribute's one is its class."""
    return {name: sum((word in words) << bit for bit, word in enumerate(word_of[name])) for name in schema.names}


def _notes(folder: Folder, train: Sequence[PersonImage], test: Sequence[PersonImage], which: str) -> list[str]:
    notes = [f"PETA, {which}; it has no camera ids: the subset stands for the camera"]
    persons = {image.pid for image in test}
    if shared := persons & {image.pid for image in train}:
        notes.append(f"{len(shared):,} of {len(persons):,} test persons also occur in training")
        notes.append(MEMORY)
    if absent := missing(folder):
        notes.append(f"subsets that are missing: {', '.join(absent)}")
    if unlabelled := sum(not image.attributes for image in (*train, *test)):
        notes.append(f"{unlabelled:,} images have no labels")
    return notes
