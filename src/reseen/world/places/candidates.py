"""Which objects a ray may meet at all: lists by square of pixels, by place in the sunlight, by place on the ground."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reseen.world.optics.cameras import Camera
from reseen.world.places.solids import Numbers

TILE = 32
"""Side of the squares of pixels that share a list of objects."""

_CELL = 0.75
_REACH = 48.0
"""Metres; the lists by place cover a square this far to each side."""

Ints = NDArray[np.int64]


class Lists(NamedTuple):
    """Lists of objects by cell of a grid.

    Attributes:
        starts: (C + 2,) where each cell's list begins in ``members``; the last list has every object.
        members: The lists, one behind the other.
        columns: Cells in a row of the grid.
        cell: Side of a cell.
        origin: Coordinate, along both axes, of the grid's first corner.
    """

    starts: Ints
    members: Ints
    columns: int
    cell: float
    origin: float


@njit(cache=True, error_model="numpy")
def cell_at(lists: Lists, x: float, y: float) -> Ints:
    """Returns the objects listed for a place; all of them beyond the grid."""
    count = len(lists.starts) - 2
    column, row = int((x - lists.origin) // lists.cell), int((y - lists.origin) // lists.cell)
    number = row * lists.columns + column
    if column < 0 or column >= lists.columns or row < 0 or number >= count:
        number = count
    return lists.members[lists.starts[number] : lists.starts[number + 1]]


def by_pixel(camera: Camera, groups: Numbers) -> Lists:
    """Returns the objects that each square of `TILE` pixels may see.

    Args:
        camera: What sees them.
        groups: (G, 9) objects, see `reseen.world.places.fixed.Fixed`.
    """
    columns, rows = -(-camera.width // TILE), -(-camera.height // TILE)
    spans = np.empty((len(groups), 4), np.int64)
    for number, group in enumerate(groups):
        u, v, depth = camera.project(_corners(group)).T
        if (depth <= 0).all():
            spans[number] = 0, -1, 0, -1
        elif (depth <= 0.05).any():
            spans[number] = 0, columns - 1, 0, rows - 1
        else:
            edges = u.min() - 1, u.max() + 1, v.min() - 1, v.max() + 1
            spans[number] = [int(np.clip(edge // TILE, -1e6, 1e6)) for edge in edges]
    return _listed(spans, np.ones(len(groups), np.bool_), columns, rows, float(TILE), 0.0)


def by_shadow(direction: Numbers, spread: float, groups: Numbers) -> Lists:
    """Returns the objects that may shade a point, by where the sun's ray through the point meets the ground.

    Args:
        direction: (3,) unit vector towards the sun.
        spread: Radius of its disc in radians.
        groups: (G, 9) objects.
    """
    slope = direction[:2] / max(direction[2], 1e-3)
    spans = np.empty((len(groups), 4))
    for number, group in enumerate(groups):
        corners = _corners(group)
        fallen = corners[:, :2] - corners[:, 2:] * slope
        # A disc's edge falls further off the longer the way; its slope grows towards the horizon.
        soft = 1.2 * spread * max(group[5], 0.0) / max(direction[2], 0.1) ** 2 + 0.02
        low, high = fallen.min(axis=0) - soft, fallen.max(axis=0) + soft
        spans[number] = low[0], high[0], low[1], high[1]
    return _by_place(spans, groups[:, 8] > 0)


def by_ground(groups: Numbers, around: float, height: float) -> Lists:
    """Returns the objects that reach below a height near a place on the ground.

    Args:
        groups: (G, 9) objects.
        around: How near, in metres.
        height: In metres.
    """
    spans = np.stack(
        [groups[:, 0] - around, groups[:, 3] + around, groups[:, 1] - around, groups[:, 4] + around], axis=1
    )
    return _by_place(spans, groups[:, 2] <= height)


def _corners(group: Numbers) -> Numbers:
    return np.array([[group[i], group[j], group[k]] for i in (0, 3) for j in (1, 4) for k in (2, 5)])


def _by_place(spans: Numbers, counts: NDArray[np.bool_]) -> Lists:
    columns = int(2 * _REACH / _CELL)
    return _listed(np.floor((spans + _REACH) / _CELL).astype(np.int64), counts, columns, columns, _CELL, -_REACH)


def _listed(spans: Ints, counts: NDArray[np.bool_], columns: int, rows: int, cell: float, origin: float) -> Lists:
    starts, members = _fill(np.ascontiguousarray(spans), counts, columns, rows)
    return Lists(starts, members, columns, cell, origin)


@njit(cache=True, error_model="numpy")
def _fill(spans: Ints, counts: NDArray[np.bool_], columns: int, rows: int) -> tuple[Ints, Ints]:
    """Returns starts and members of the lists; spans are first and last column, first and last row of each object."""
    cells = columns * rows
    starts = np.zeros(cells + 2, np.int64)
    members = np.empty(0, np.int64)
    for fill in range(2):
        at = starts[:-1].copy()
        for number in range(len(spans)):
            if not counts[number]:
                continue
            for row in range(max(spans[number, 2], 0), min(spans[number, 3], rows - 1) + 1):
                for column in range(max(spans[number, 0], 0), min(spans[number, 1], columns - 1) + 1):
                    place = row * columns + column
                    if fill:
                        members[at[place]] = number
                        at[place] += 1
                    else:
                        starts[place + 1] += 1
            if fill:
                members[at[cells]] = number
                at[cells] += 1
            else:
                starts[cells + 1] += 1
        if not fill:
            starts = np.cumsum(starts)
            members = np.empty(starts[-1], np.int64)
    return starts, members
