"""A path stays a path; an address that nobody can open is told of before a folder is made of its name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reseen.addresses import check_on_disk, open_address, place_of
from reseen.errors import ReseenError


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ("hall", Path("hall")),
        ("/data/hall/", Path("/data/hall")),
        ("pictures.zip:0001.jpg", Path("pictures.zip:0001.jpg")),
        ("file:///data/hall", Path("/data/hall")),
        ("s3://bucket/hall", "s3://bucket/hall"),
        ("s3://bucket/a/hall/", "s3://bucket/a/hall"),
        ("GS://bucket", "gs://bucket"),
        (Path("az://container/hall"), "az://container/hall"),
    ],
)
def test_what_a_user_names(named: str | Path, place: str | Path) -> None:
    assert place_of(named) == place


@pytest.mark.parametrize("named", ["memory://hall", "db://hall", "http://host/hall", "s3://", "s3:/"])
def test_what_nobody_can_open(named: str) -> None:
    with pytest.raises(ReseenError, match=r"give a path, or an address of object storage such as s3://bucket/folder"):
        place_of(named)


def test_work_that_needs_a_disk_says_so() -> None:
    with pytest.raises(ReseenError, match=r"s3://bucket/hall lies in object storage, and this needs"):
        check_on_disk(Path("s3://bucket/hall"))
    assert check_on_disk(Path("hall")) == Path("hall")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ReseenError, match=r"needs obstore, which is not installed: pip install 'reseen\[storage\]'"):
        open_address("s3://bucket/hall")
