"""Sizes as people write them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from reseen.data.images.size import Size

SIZE = TypeAdapter(Size)


@pytest.mark.parametrize("written", ["128x64", " 128X64 ", "128×64", (128, 64), [128, 64]])
def test_height_comes_first(written: object) -> None:
    assert SIZE.validate_python(written) == (128, 64)


@pytest.mark.parametrize("written", ["128", 128, "128x", "x64", "128x64x3", "-128x64", [128], [31, 64], [128, 4097]])
def test_what_is_no_size(written: object) -> None:
    with pytest.raises(ValidationError):
        SIZE.validate_python(written)


def test_a_number_alone_is_told_what_is_wanted() -> None:
    with pytest.raises(ValidationError, match="128 is no HEIGHTxWIDTH such as 128x64"):
        SIZE.validate_python(128)
