"""A few stand for all."""

from __future__ import annotations

import pytest

from reseen.data.spread import spread


@pytest.mark.parametrize(
    ("most", "found"), [(None, range(7)), (9, range(7)), (7, range(7)), (3, range(0, 7, 3)), (1, range(0, 7, 7))]
)
def test_a_few_are_spread_over_all(most: int | None, found: range) -> None:
    assert spread(range(7), most) == found
    assert spread(list(range(7)), most) == list(found)
    assert spread([], most) == []
