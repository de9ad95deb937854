"""From one schema's form to another's: Market-1501's eight upper colours are one attribute, or eight binary ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reseen.data.attributes import NO_YES, UNKNOWN, Attribute, AttributeSchema

Probabilities = Mapping[str, NDArray[np.float32]]
"""(N, classes) by attribute name, as `Embeddings.attributes` holds them."""


def color_names(schema: AttributeSchema) -> tuple[str, ...]:
    """Returns the colours that papers also score one by one, and all other attributes with several classes at once."""
    return tuple(
        attribute.name
        for attribute in schema
        if attribute.kind == "multi_label" or (attribute.kind == "multi_class" and attribute.name.endswith("_color"))
    )


def convert(table: NDArray[np.int64], source: AttributeSchema, target: AttributeSchema) -> NDArray[np.int64]:
    """Converts encoded labels (N, L) of one schema to another's (N, L').

    Attributes and classes go by their names; class ``black`` of ``upper_color`` and the binary ``upper_color:black``
    are the same. A binary or multi-class attribute is known where exactly one class is, and is one of the target's.
    """
    parts = [_labels_of(attribute, table, source) for attribute in target]
    return np.concatenate([np.empty((len(table), 0), dtype=np.int64), *parts], axis=1)


def convert_labels(
    labels: Sequence[Mapping[str, int]], source: AttributeSchema, target: AttributeSchema
) -> list[dict[str, int]]:
    """Converts the labels of N persons as `convert` does."""
    return target.decode(convert(source.encode(labels), source, target))


def convert_probabilities(
    tables: Probabilities, source: AttributeSchema, target: AttributeSchema
) -> dict[str, NDArray[np.float32]]:
    """Returns predictions of those of the target's attributes that the source's say something about.

    Args:
        tables: Probabilities by the source's attribute names.
        source: The schema of the model that made them; it need not predict all of its attributes.
        target: The attributes to tell.

    Returns:
        (N, classes) by the target's names. Of columns that were predicted one by one, a multi-class attribute gets
        each one's share, so that the most probable column is its class.
    """
    source = AttributeSchema(source.name, tuple(attribute for attribute in source if attribute.name in tables))
    converted: dict[str, NDArray[np.float32]] = {}
    for attribute in target:
        if attribute in source.attributes:
            converted[attribute.name] = tables[attribute.name]
            continue
        whole, _, own = attribute.name.rpartition(":")
        if attribute.classes == NO_YES and whole in source and own in source[whole].classes:
            present = tables[whole][:, source[whole].index(own)]
            converted[attribute.name] = np.stack([1 - present, present], axis=1)
        elif all(_is_column(source, column) for column in _columns(attribute)):
            stacked = np.stack([tables[column][:, 1] for column in _columns(attribute)], axis=1)
            if attribute.kind != "multi_label":
                stacked = stacked / np.maximum(stacked.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
            converted[attribute.name] = stacked
    return converted


def families(schema: AttributeSchema) -> AttributeSchema:
    """Returns the binary attributes that belong together, such as ``upper_color:black``, …, as multi-label ones."""
    found: dict[str, list[str]] = {}
    for attribute in schema:
        whole, _, own = attribute.name.rpartition(":")
        if whole and whole not in schema and attribute.classes == NO_YES:
            found.setdefault(whole, []).append(own)
    together = (Attribute(name, tuple(classes), "multi_label") for name, classes in found.items())
    return AttributeSchema(schema.name, tuple(together))


def _labels_of(attribute: Attribute, table: NDArray[np.int64], source: AttributeSchema) -> NDArray[np.int64]:
    """Returns the columns (N, columns) of one attribute of the target."""
    if attribute in source.attributes:
        return table[:, source.columns[attribute.name]]
    whole, _, own = attribute.name.rpartition(":")
    unknown = np.full(len(table), UNKNOWN)
    if attribute.name not in source and attribute.classes == NO_YES and whole in source:
        return _presence(source[whole], table, source).get(own, unknown)[:, None]
    if attribute.name in source:
        present = _presence(source[attribute.name], table, source)
    else:
        names = zip(attribute.classes, _columns(attribute), strict=True)
        present = {name: table[:, source.columns[column]][:, 0] for name, column in names if _is_column(source, column)}
    own_columns = np.stack([present.get(name, unknown) for name in attribute.classes], axis=1)
    if attribute.kind == "multi_label":
        return own_columns
    every = np.stack([*present.values(), unknown], axis=1)
    certain = ((every == 1).sum(axis=1) == 1) & (own_columns == 1).any(axis=1)
    return np.where(certain, (own_columns == 1).argmax(axis=1), UNKNOWN)[:, None]


def _presence(attribute: Attribute, table: NDArray[np.int64], source: AttributeSchema) -> dict[str, NDArray[np.int64]]:
    """Returns for each class of one of the source's attributes whether it is there (N,)."""
    own = table[:, source.columns[attribute.name]]
    if attribute.kind == "multi_label":
        return dict(zip(attribute.classes, own.T, strict=True))
    there = np.where(own == UNKNOWN, UNKNOWN, (own == np.arange(len(attribute.classes))).astype(np.int64))
    return dict(zip(attribute.classes, there.T, strict=True))


def _columns(attribute: Attribute) -> list[str]:
    return [f"{attribute.name}:{name}" for name in attribute.classes]


def _is_column(source: AttributeSchema, name: str) -> bool:
    return name in source and source[name].kind == "binary"
