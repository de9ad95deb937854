"""Lin et al.'s attribute labels of Market-1501 and DukeMTMC-reID (Pattern Recognition 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.data.annotations.matlab import read_mat
from reseen.data.attributes import Attribute, AttributeSchema
from reseen.data.images.source import Entry
from reseen.errors import ReseenError

Labels = Mapping[int, Mapping[str, int]]
"""Class index by attribute name by pid; a missing name is unknown."""

_FIELDS = {
    "sleeve": "up",
    "lower_length": "down",
    "lower_type": "clothes",
    "upper_length": "top",
    "shoe_color": "shoes",
}
"""Their field where it is not called what we call the attribute."""
_COLOR_PREFIXES = {"upper_color": "up", "lower_color": "down"}


def read_lin_attributes(entry: Entry, schema: AttributeSchema) -> Labels:
    """Reads ``market_attribute.mat`` or ``duke_attribute.mat``.

    The order of the fields differs between train and test, so all are taken by name. A value of 0, a person
    without any colour and a person with several are unknown.

    Args:
        entry: The file.
        schema: ``MARKET1501_SCHEMA`` or ``DUKE_SCHEMA``.

    Raises:
        ReseenError: If the file is not one of theirs or lacks a field of the schema.
    """
    content = read_mat(entry)
    try:
        table = next(iter(content.values()))[0, 0]
        parts = [table[split][0, 0] for split in table.dtype.names]
        labels: dict[int, Mapping[str, int]] = {}
        for part in parts:
            labels |= _read_part(part, schema)
    except (ValueError, TypeError, IndexError, AttributeError, StopIteration) as error:
        raise ReseenError(
            f"{entry.path} is not an attribute file of Lin et al. for {schema.name} ({error}); download it again"
        ) from error
    return labels


def _read_part(part: Any, schema: AttributeSchema) -> dict[int, Mapping[str, int]]:
    pids = [int(np.asarray(cell).item()) for cell in part["image_index"].ravel()]
    columns = {attribute.name: _classes(part, attribute) for attribute in schema}
    return {
        pid: MappingProxyType({name: int(column[row]) for name, column in columns.items() if column[row] >= 0})
        for row, pid in enumerate(pids)
    }


def _classes(part: Any, attribute: Attribute) -> NDArray[np.int64]:
    """Returns the class index of each person (N,), negative where unknown."""
    prefix = _COLOR_PREFIXES.get(attribute.name)
    if prefix is None:
        values = part[_FIELDS.get(attribute.name, attribute.name)].ravel().astype(np.int64)
        return np.where(values <= len(attribute.classes), values - 1, -1)
    is_color = np.stack([part[prefix + color].ravel() == 2 for color in attribute.classes])  # (classes, N)
    return np.where(is_color.sum(0) == 1, is_color.argmax(0), -1)
