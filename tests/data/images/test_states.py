"""A picture's key is its own, and another one once the file has changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from PIL import Image

from reseen.data.images.cache import fingerprint
from reseen.data.images.states import keys
from reseen.data.person import PersonImage
from tests.data.trees import zipped


def test_keys_tell_pictures_apart_and_not_who_is_seen(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for name in "ab":
        Image.new("RGB", (4, 8)).save(tmp_path / "set" / f"{name}.png")
    archive = zipped(tmp_path / "set", tmp_path / "set.zip")
    on_disk = [PersonImage(tmp_path / "set" / f"{name}.png", 1, 1) for name in "ab"]
    images = [*on_disk, PersonImage(Path("set/a.png"), 1, 1, archive=archive), PersonImage(b"x", 1, 1), on_disk[0]]
    first = keys(images)
    assert len(set(first)) == len(images), "the same picture twice has two keys"
    assert {len(key) for key in first} == {16}
    assert keys([replace(image, pid=7, camid=8) for image in images]) == first
    os.utime(tmp_path / "set" / "a.png", ns=(1, 1))
    second = keys(images)
    assert [one == other for one, other in zip(first, second, strict=True)] == [False, True, True, True, False]


def test_names_in_no_coding_have_keys(tmp_path: Path) -> None:
    images = [PersonImage(tmp_path / os.fsdecode(name)) for name in (b"a\xff.png", b"a\xfe.png")]
    assert len(set(keys(images))) == 2
    assert fingerprint(images[:1]) != fingerprint(images[1:])
