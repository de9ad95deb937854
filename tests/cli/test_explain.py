"""One picture explained."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from tests.cli.calls import run


def test_explain_prints_every_attribute_and_draws(trained: Path, query: Path, tmp_path: Path) -> None:
    result = run("explain", trained / "last", query, "--out", tmp_path / "e.png")
    assert result.exit_code == 0, result.output
    assert len(re.findall(r"^\w+ +\w+ +\d+%$", result.stdout, re.MULTILINE)) == 12
    with Image.open(tmp_path / "e.png") as picture:
        assert picture.width > 600
