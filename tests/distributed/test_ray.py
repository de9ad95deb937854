"""Two workers of Ray on this machine give the rows that one process gives, also if one of them is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from reseen import Gallery
from reseen.distributed import Added, Cluster, Work, embed_on_ray, engine, list_pictures
from reseen.embedding import open_place
from reseen.errors import ReseenError
from reseen.models import checkpoint
from reseen.models.embedder import Embedder
from reseen.search.gallery.check import check
from tests.cli.calls import run
from tests.distributed.places import furnish
from tests.search.gallery.persons import png

pytest.importorskip("ray", reason="needs the extra distributed: pip install 'reseen[distributed]'")
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
COUNT = 240
TWO = Cluster(workers=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = {f"{number:04}_c{number % 3 + 1}.png": number for number in range(COUNT)}
    return furnish(tmp_path_factory.mktemp("work"), pictures)


@pytest.fixture(scope="module")
def embedder(folder: Path) -> Embedder:
    return checkpoint.load(folder / "last")


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_BLOCK", 8)
    monkeypatch.setattr(engine, "_ROWS", 8)


def rows_of(gallery: Gallery) -> dict[str, tuple[object, ...]]:
    """Returns what a gallery knows of each row, by its content's hash."""
    searched = gallery.store.searched()
    assert searched is not None
    columns = ["id", "path", "pid", "camera", "source", "descriptor", "p0", "c0"]
    read = searched.table.search().select(columns).to_arrow().to_pylist()
    assert len({row["id"] for row in read}) == len(read), "nothing is there twice"
    return {row["id"]: tuple(row[name] for name in columns[1:]) for row in read}


def assert_same_rows(one: Gallery, other: Gallery) -> None:
    ours, theirs = rows_of(one), rows_of(other)
    assert ours.keys() == theirs.keys()
    for key, row in ours.items():
        assert row[:4] == theirs[key][:4]
        np.testing.assert_allclose(row[4], theirs[key][4], atol=1e-5)
        np.testing.assert_allclose(row[5], theirs[key][5], atol=1e-5)


def workers_of_ray() -> list[int]:
    """Returns the processes of this user that embed, by what Ray calls them."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                name = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if name.startswith(b"ray::") and b"_Worker" in name:
                found.append(int(process.name))
    return found


def test_a_killed_worker_loses_and_doubles_nothing(folder: Path, embedder: Embedder, tmp_path: Path) -> None:
    pictures = folder / "pictures"
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if not killed and total / 4 < done < total:
            killed.append(workers_of_ray()[0])
            os.kill(killed[0], signal.SIGKILL)

    with Gallery.open(tmp_path / "alone") as alone, Gallery.open(tmp_path / "ray") as gallery:
        alone.add(open_place(pictures).embeddings(embedder), schema=embedder.schema, source="tour")
        listed, work = list_pictures(pictures), Work.packed(folder / "last", copy=True, batch_size=8)
        like, options = embedder.embed([]), {"schema": embedder.schema, "source": "tour", "cluster": TWO}
        added = embed_on_ray(listed, work, gallery, like, progress=kill_one, **options)  # type: ignore[arg-type]
        assert len(killed) == 1, "it was killed in the middle"
        assert added == Added(COUNT, 0, 0)
        assert check(gallery) == []
        assert_same_rows(gallery, alone)
        found = gallery.search(embedder.embed([pictures / "0017_c3.png"]), top=1)[0]
        assert gallery.picture(found).read() == png(17)
        again = embed_on_ray(listed, work, gallery, like, **options)  # type: ignore[arg-type]
        assert again == Added(0, COUNT, 0), "a second call reads, and adds nothing"
        assert len(gallery) == COUNT


def test_the_command_says_what_it_has_added(folder: Path, tmp_path: Path) -> None:
    call = ("embed", folder / "last", "--images", folder / "pictures", "--engine", "ray", "--workers", 2)
    result = run(*call, "--gallery", tmp_path / "hall", "--device", "cpu")
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    assert f"added {COUNT} of {COUNT}, 0 were there" in " ".join(result.stdout.split())
    with Gallery.open(tmp_path / "hall") as gallery:
        assert len(gallery) == COUNT


def test_no_cluster_is_one_line(folder: Path, embedder: Embedder, tmp_path: Path) -> None:
    listed, work = list_pictures(folder / "pictures"), Work.packed(folder / "last")
    with (
        Gallery.open(tmp_path / "hall") as gallery,
        pytest.raises(ReseenError, match=r"no Ray on 127.0.0.1:1: .*") as told,
    ):
        embed_on_ray(listed, work, gallery, embedder.embed([]), cluster=Cluster(address="127.0.0.1:1"))
    assert "\n" not in str(told.value)
