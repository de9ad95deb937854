"""Whom to look for: the query's own camera is passed over, and attributes need a model that reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen import Gallery, models
from reseen.data.images.reference import image_of
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.search.gallery.finding import index
from reseen.search.wanted import look_for


def embedder(system: str) -> Embedder:
    torch.manual_seed(0)
    config = models.config_of({"system": system, "backbone": "test_resnet", "num_identities": 4})
    return Embedder(models.build(config), EmbedderConfig(size=(64, 32)))


@pytest.fixture
def query(market_drawn: Path) -> Path:
    return min((market_drawn / "query").glob("*.jpg"))


def test_a_query_with_a_name_is_not_looked_for_in_its_own_camera(query: Path) -> None:
    person = image_of(query)
    wanted = look_for(embedder("ide"), person)
    assert wanted.descriptor is not None
    near = np.repeat(wanted.descriptor.features, 4, axis=0)
    pids = np.array([person.pid, person.pid, person.pid, person.pid + 1])
    camids = np.array([person.camid, person.camid, person.camid + 1, person.camid])
    found = wanted.find_in(Embeddings(near, pids, camids))
    assert [match.row for match in found.matches] == [2, 3]
    assert found.left_out == 2
    said = f"pictures of person {person.pid} by the query's own camera {person.camid}, left out: 2"
    assert found.note == f"2 rows compared one by one\n{said}"
    assert [match.shows(wanted.pid) for match in found.matches] == [True, False]


def test_a_query_without_a_name_is_looked_for_everywhere(query: Path, tmp_path: Path) -> None:
    unnamed = tmp_path / "person.jpg"
    unnamed.write_bytes(query.read_bytes())
    wanted = look_for(embedder("ide"), image_of(unnamed))
    assert wanted.pid is None
    assert wanted.descriptor is not None
    found = wanted.find_in(Embeddings(wanted.descriptor.features, np.array([-1]), np.array([0])))
    assert (len(found.matches), found.left_out, found.note) == (1, 0, "1 rows compared one by one")
    assert found.matches[0].distance == pytest.approx(0, abs=1e-6)


def test_an_unknown_camera_is_never_the_querys_own(query: Path, tmp_path: Path) -> None:
    person = replace(image_of(query), camid=-1)
    wanted = look_for(embedder("ide"), person)
    assert wanted.descriptor is not None
    rows = replace(wanted.descriptor, pids=np.array([person.pid]), camids=np.array([-1]))
    assert len(wanted.find_in(rows).matches) == 1
    with Gallery.open(tmp_path / "hall") as gallery:
        gallery.add(rows)
        assert len(gallery.search(rows, exclude=(person.pid, -1))) == 1
        found = wanted.find_in(gallery)
        assert (len(found.matches), found.left_out) == (1, 0)


def test_a_gallery_that_is_kept_says_whether_an_index_was_used(
    query: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = embedder("ide")
    wanted = look_for(model, image_of(query))
    assert wanted.descriptor is not None
    features = np.random.default_rng(0).normal(size=(300, wanted.descriptor.features.shape[1]))
    monkeypatch.setattr(index, "EXACT_ROWS", 200)
    monkeypatch.setattr(index, "_PARTITION", 100)
    with Gallery.open(tmp_path / "hall") as gallery:
        nobody = np.full(300, -1)
        gallery.add(replace(wanted.descriptor, features=features, pids=nobody, camids=nobody, paths=None))
        assert "looked through by the index, which can miss some" in wanted.find_in(gallery, top=3).note


def test_attributes_need_a_model_that_reads_them() -> None:
    with pytest.raises(ReseenError, match="this model predicts no attributes"):
        look_for(embedder("ide"), where="hat=yes")
    assert str(look_for(embedder("aanet"), where="hat=yes").where) == "hat=yes"


def test_something_has_to_be_looked_for() -> None:
    gallery = Embeddings(np.zeros((1, 2)), np.array([1]), np.array([1]))
    with pytest.raises(ReseenError, match="nothing to search for"):
        look_for(embedder("ide")).find_in(gallery)
