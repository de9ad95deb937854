"""A file of descriptors is what `embed` gives, however often its making was interrupted."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from reseen.data.batch import PersonBatch
from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.embedding import parts, writing
from reseen.embedding.writing import Written, write_embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.models.backends.backend import Arrays
from reseen.models.embedder import Embedder, EmbedderConfig

COUNT, BATCH = 23, 4


class Means:
    """A backend whose descriptor are a picture's mean colours; it counts what it was given, and may be stopped."""

    schema, extra_sizes, device = None, {}, torch.device("cpu")

    def __init__(self, digest: str = "means", last: int = 10**6, stop: Any = None) -> None:
        self.digest, self.last, self.stop, self.seen = digest, last, stop, 0

    def run(self, batch: PersonBatch) -> Arrays:
        if self.seen >= self.last:
            self.stop()
        self.seen += len(batch.images)
        means = batch.images.mean((2, 3)).numpy()
        return Arrays({"colour": means}, {"bright": means[:, :2]})


def embedder(**options: Any) -> Embedder:
    return Embedder(Means(**options), EmbedderConfig(size=(32, 32), flip=False))


class StoppedError(Exception):
    pass


def stop() -> None:
    raise StoppedError


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 8)
    monkeypatch.setattr(writing, "ROWS", 8)


@pytest.fixture
def images(tmp_path: Path) -> list[PersonImage]:
    return draw(tmp_path / "pictures")


def draw(folder: Path) -> list[PersonImage]:
    folder.mkdir(exist_ok=True)
    for number in range(COUNT):
        Image.new("RGB", (8, 16), (number * 9, 255 - number * 9, number)).save(folder / f"{number}.png")
    return [
        PersonImage(folder / f"{number}.png", number, number % 3, seconds=number / 4 if number > 9 else None)
        for number in range(COUNT)
    ]


def same(one: Embeddings, other: Embeddings) -> bool:
    tables = [((each.attributes or {})["bright"], each.features, each.pids, each.camids) for each in (one, other)]
    equal = all(np.array_equal(a, b) for a, b in zip(*tables, strict=True))
    assert one.seconds is not None
    assert other.seconds is not None
    equal &= np.array_equal(one.seconds, other.seconds, equal_nan=True)
    facts = [(each.paths, each.model, dict(each.parts), each.distance) for each in (one, other)]
    return equal and facts[0] == facts[1]


def test_the_file_holds_what_embed_gives_and_nothing_else_is_left(images: list[PersonImage], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = write_embeddings(
        embedder(), images, tmp_path / "out.parquet", batch_size=BATCH, progress=lambda *at: told.append(at)
    )
    assert made == Written(COUNT, 3)
    assert same(Embeddings.load(tmp_path / "out.parquet"), embedder().embed(images, batch_size=BATCH))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "pictures"]
    assert (told[0], told[-1]) == ((0, COUNT), (COUNT, COUNT))
    groups = pq.ParquetFile(tmp_path / "out.parquet").metadata
    assert groups.num_row_groups == 3, "it was never in memory as a whole"


def test_of_no_pictures_the_file_has_no_rows(tmp_path: Path) -> None:
    assert write_embeddings(embedder(), [], tmp_path / "out.parquet") == Written(0, 3)
    assert len(Embeddings.load(tmp_path / "out.parquet")) == 0


def test_an_interrupted_run_goes_on_where_it_stopped(images: list[PersonImage], tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    with pytest.raises(StoppedError):
        write_embeddings(embedder(last=12, stop=stop), images, file, batch_size=BATCH)
    assert not file.exists()
    second = embedder()
    told: list[tuple[int, int]] = []
    made = write_embeddings(second, images, file, batch_size=BATCH, progress=lambda *at: told.append(at))
    assert made == Written(COUNT, 3, before=12)
    assert second.backend.seen == COUNT - 12  # type: ignore[attr-defined]
    assert told[0] == (12, COUNT)
    assert same(Embeddings.load(file), embedder().embed(images, batch_size=BATCH))
    assert not (tmp_path / "out.parquet.parts").exists()


def test_what_changed_meanwhile_is_seen(images: list[PersonImage], tmp_path: Path) -> None:
    """Between two runs one picture is mended, one is deleted, one comes in, and somebody learns who is on another."""
    file = tmp_path / "out.parquet"
    with pytest.raises(StoppedError):
        write_embeddings(embedder(last=12, stop=stop), images, file, batch_size=BATCH)
    assert isinstance(images[2].path, Path)
    Image.new("RGB", (9, 9), "white").save(images[2].path)
    Image.new("RGB", (8, 16), "red").save(tmp_path / "new.png")
    images = [PersonImage(tmp_path / "new.png", 99, 1), replace(images[0], pid=77), *images[2:]]
    made = write_embeddings(embedder(), images, file, batch_size=BATCH)
    assert made == Written(COUNT, 3, before=10)
    found, expected = Embeddings.load(file), embedder().embed(images)
    order, wanted = np.argsort(found.paths or ()), np.argsort(expected.paths or ())
    assert same(found[order], expected[wanted])


def test_rows_of_another_model_never_meet(images: list[PersonImage], tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        write_embeddings(embedder(last=12, stop=stop), images, tmp_path / "out.parquet", batch_size=BATCH)
    with pytest.raises(ReseenError, match=r"out\.parquet\.parts was begun by another model .* delete the folder"):
        write_embeddings(embedder(digest="other"), images, tmp_path / "out.parquet")
    assert write_embeddings(embedder(), images, tmp_path / "out.parquet").before == 12


def test_a_corrupt_picture_costs_nothing_that_was_made(images: list[PersonImage], tmp_path: Path) -> None:
    file, good = tmp_path / "out.parquet", images[18]
    images[18] = PersonImage(b"no picture", 18, 0)
    with pytest.raises(ReseenError, match="cannot decode image <10 bytes"):
        write_embeddings(embedder(), images, file, batch_size=BATCH)
    images[18] = good
    assert write_embeddings(embedder(), images, file, batch_size=BATCH).before == 16
    images[18] = PersonImage(b"no picture", 18, 0)
    with pytest.warns(ReseenWarning, match="skipped 1 of 23"):
        assert write_embeddings(embedder(), images, file, max_corrupt=1) == Written(COUNT - 1, 3)


def test_nothing_that_can_be_decoded_is_a_file_of_nothing(tmp_path: Path) -> None:
    with pytest.warns(ReseenWarning, match="skipped 1 of 1"):
        made = write_embeddings(embedder(), [PersonImage(b"x", 1, 1)], tmp_path / "out.parquet", max_corrupt=1)
    assert made == Written(0, 3)
    assert Embeddings.load(tmp_path / "out.parquet").features.shape == (0, 3)
    with pytest.raises(ReseenError, match="cannot decode"):
        write_embeddings(embedder(), [PersonImage(b"x", 1, 1)], tmp_path / "other.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_two_processes_do_not_write_one_file(images: list[PersonImage], tmp_path: Path) -> None:
    (tmp_path / "out.parquet.parts").mkdir()
    descriptor = os.open(tmp_path / "out.parquet.parts", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(ReseenError, match=r"another process is writing .*out\.parquet"):
        write_embeddings(embedder(), images, tmp_path / "out.parquet")
    os.close(descriptor)
    assert write_embeddings(embedder(), images, tmp_path / "out.parquet").count == COUNT


@pytest.mark.long
def test_a_killed_run_goes_on(images: list[PersonImage], tmp_path: Path) -> None:
    """Killed for real: nothing is cleaned up, and a row that was being written may be half there."""
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.embedding.test_writing import killed; killed(sys.argv[1], int(sys.argv[2]))"
    )
    for last in (9, 5):
        done = subprocess.run([sys.executable, "-c", program, str(tmp_path), str(last)], check=False)
        assert done.returncode == -signal.SIGKILL
    (tmp_path / "out.parquet.parts" / "000009.parquet.1.partial").write_bytes(b"PAR1 half a part")
    made = write_embeddings(embedder(), images, tmp_path / "out.parquet", batch_size=BATCH)
    assert made.before == 16
    assert same(Embeddings.load(tmp_path / "out.parquet"), embedder().embed(images, batch_size=BATCH))
    assert not (tmp_path / "out.parquet.parts").exists()


def killed(folder: str, last: int) -> None:
    """Runs in a process of its own, which ends in the middle; the part before the last batch is written by then."""
    writing.ROWS = 8

    def kill() -> None:
        while len(list((Path(folder) / "out.parquet.parts").glob("*.parquet"))) < (1 if last == 9 else 2):
            pass  # the writing thread is one behind
        os.kill(os.getpid(), signal.SIGKILL)

    pictures = [PersonImage(Path(folder) / "pictures" / f"{number}.png", number, number % 3) for number in range(COUNT)]
    write_embeddings(embedder(last=last, stop=kill), pictures, Path(folder) / "out.parquet", batch_size=BATCH)
