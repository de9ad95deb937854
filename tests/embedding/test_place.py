"""What a user's path stands for, and that stored descriptors are taken only from the same model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen import Embeddings, models
from reseen.embedding import open_place
from reseen.errors import ReseenError
from reseen.models.embedder import Embedder, EmbedderConfig


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    torch.manual_seed(0)
    config = models.config_of({"system": "ide", "backbone": "test_resnet", "num_identities": 4})
    return Embedder(models.build(config), EmbedderConfig(size=(64, 32)))


def test_pictures_lying_right_here_are_meant(market_drawn: Path) -> None:
    """Even in a folder that is part of a data set."""
    place = open_place(market_drawn / "query")
    assert sorted(Path(image.path).name for image in place.images if isinstance(image.path, Path)) == sorted(
        path.name for path in (market_drawn / "query").glob("*.jpg")
    )
    assert (place.note, place.stored) == ("", None)


def test_what_is_not_known_of_pictures_is_noted(market_drawn: Path, tmp_path: Path) -> None:
    shutil.copy(min((market_drawn / "query").glob("*.jpg")), tmp_path / "a.jpg")
    place = open_place(tmp_path)
    nobody = "1 images without a person id (pid -1)"
    assert place.note == f"{nobody}\nno camera ids: every image counts as its own camera"
    assert place.by_camera(0).note == nobody


def test_of_a_data_set_its_gallery_without_junk_is_meant(market_drawn: Path) -> None:
    place = open_place(market_drawn)
    persons = [path for path in (market_drawn / "bounding_box_test").glob("*.jpg") if not path.name.startswith("-1")]
    assert len(place.images) == len(persons) > 0
    assert place.note == f"market1501: its gallery, {len(persons):,} images without junk"


def test_of_a_table_every_row_is_meant(market_drawn: Path, tmp_path: Path) -> None:
    for path in sorted((market_drawn / "query").glob("*.jpg"))[:2]:
        shutil.copy(path, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    (tmp_path / "own.csv").write_text(f"image,pid,camid,split\n{names[0]},a,1,train\n{names[1]},b,2,query\n")
    assert len(open_place(tmp_path / "own.csv").images) == 2


def test_all_pictures_may_be_one_cameras(embedder: Embedder, market_drawn: Path) -> None:
    place = open_place(market_drawn / "query")
    assert {image.camid for image in place.by_camera(9).images} == {9} != {image.camid for image in place.images}
    stored = replace(place, images=(), stored=place.embeddings(embedder)).by_camera(9).stored
    assert stored is not None
    assert stored.camids.tolist() == [9] * len(place.images)
    named = [each.by_camera("door") for each in (place, replace(place, images=(), stored=stored))]
    assert {image.camera_name for image in named[0].images} == {"door"}
    assert named[1].stored is not None
    assert set(named[1].stored.camera_names or ()) == {"door"}


def test_a_place_without_pictures_is_told(market_drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="no data set and no images"):
        open_place(tmp_path)
    with pytest.raises(ReseenError, match="does not exist"):
        open_place(tmp_path / "no")


def test_stored_descriptors_are_the_models_own(embedder: Embedder, market_drawn: Path, tmp_path: Path) -> None:
    made = open_place(market_drawn / "query").embeddings(embedder)
    made.save(tmp_path / "own.parquet")
    stored = open_place(tmp_path / "own.parquet")
    assert stored.images == ()
    np.testing.assert_array_equal(stored.embeddings(embedder).features, made.features)
    replace(made, model="0123456789abcdef").save(tmp_path / "other.parquet")
    with pytest.raises(ReseenError, match=r"other.parquet was made by another model \(0123456789ab\)"):
        open_place(tmp_path / "other.parquet").embeddings(embedder)
    # Descriptors of an unknown origin, such as another program's, are taken as they are.
    replace(made, model="").save(tmp_path / "anybodys.parquet")
    assert isinstance(open_place(tmp_path / "anybodys.parquet").embeddings(embedder), Embeddings)


def test_progress_is_told(embedder: Embedder, market_drawn: Path) -> None:
    titles: list[str] = []
    told: list[tuple[int, int]] = []

    class Recorder:
        def __init__(self, title: str) -> None:
            titles.append(title)

        def __enter__(self):  # type: ignore[no-untyped-def]
            return lambda done, total: told.append((done, total))

        def __exit__(self, *error: object) -> None: ...

    count = len(open_place(market_drawn / "query").embeddings(embedder, bars=Recorder))
    assert titles == ["embedding images"]
    assert told[-1] == (count, count)
