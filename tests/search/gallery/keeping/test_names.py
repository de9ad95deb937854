"""Persons and cameras that have names are the same ones in every addition, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reseen import Gallery
from reseen.data.names import concealed
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.keeping.names import Names
from tests.search.gallery.persons import kill_while_deleting, persons

FIRST = 1_000_001


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "hall") as opened:
        yield opened


def seen(seed: int, people: Sequence[str], cameras: Sequence[str]) -> Embeddings:
    """Returns pictures as a table gives them: persons and cameras numbered anew from 1, in the order of names."""
    made = persons(len(people), seed=seed, prefix=f"crops-{seed}")
    numbers = [[sorted(set(names)).index(one) + 1 for one in names] for names in (people, cameras)]
    called = {"person_names": [concealed(name) for name in people], "camera_names": cameras}
    return replace(made, pids=np.array(numbers[0]), camids=np.array(numbers[1]), **called)


def rows(gallery: Gallery) -> dict[str, tuple[int, int]]:
    """Returns person and camera by path."""
    found = gallery.search(np.zeros(16), top=100)
    return {match.path: (match.pid, match.camid) for match in found}


def test_a_name_has_one_number_in_all_additions(gallery: Gallery) -> None:
    gallery.add(seen(0, ["anna", "carl"], ["door", "roof"]))
    gallery.add(seen(1, ["carl", "zoe"], ["roof", "hall"]))
    names = gallery.names
    assert len({*names.persons.values(), *names.cameras.values()}) == 6
    assert min(names.persons.values()) == FIRST
    assert rows(gallery) == {
        "crops-0/000000.jpg": (names.person("anna"), names.cameras["door"]),
        "crops-0/000001.jpg": (names.person("carl"), names.cameras["roof"]),
        "crops-1/000000.jpg": (names.person("carl"), names.cameras["roof"]),
        "crops-1/000001.jpg": (names.person("zoe"), names.cameras["hall"]),
    }
    assert gallery.delete(cameras=names.camera("roof")) == 2
    assert set(rows(gallery)) == {"crops-0/000000.jpg", "crops-1/000001.jpg"}


def test_users_own_numbers_stay_and_no_name_gets_one_of_them(gallery: Gallery) -> None:
    own = replace(persons(2), pids=[7, FIRST + 4], camids=[2, 0])
    gallery.add(own)
    gallery.add(replace(seen(1, ["anna", ""], ["", "door"]), pids=[1, 9], camids=[-1, 1]))
    assert rows(gallery) == {
        "crops/000000.jpg": (7, 2),
        "crops/000001.jpg": (FIRST + 4, 0),
        "crops-1/000000.jpg": (FIRST + 5, -1),
        "crops-1/000001.jpg": (9, FIRST + 6),
    }
    assert gallery.delete(cameras=-1) == 1


def test_a_name_goes_with_its_last_row_and_its_number_never_comes_again(gallery: Gallery) -> None:
    gallery.add(seen(0, ["anna", "anna", "bob"], ["door", "roof", "roof"]))
    anna, door = gallery.names.person("anna"), gallery.names.camera("door")
    gallery.delete(paths="crops-0/000000.jpg")
    assert (set(gallery.names.persons), set(gallery.names.cameras)) == ({concealed("anna"), concealed("bob")}, {"roof"})
    gallery.delete(pids=anna)
    assert set(gallery.names.persons) == {concealed("bob")}
    kept = (Path(gallery.place) / "names.json").read_text()
    assert ("anna" in kept, "bob" in kept, concealed("anna") in kept) == (False, False, False), "nobody is named"
    gallery.add(seen(1, ["zoe"], ["hall"]))
    assert {anna, door}.isdisjoint({gallery.names.person("zoe"), gallery.names.camera("hall")})


def test_who_was_deleted_leaves_no_name_by_being_left_out(gallery: Gallery) -> None:
    people = seen(0, ["anna", "bob"], ["", ""])
    gallery.add(people)
    gallery.delete(pids=gallery.names.person("anna"))
    with pytest.warns(match="left out: 1"):
        gallery.add(people)
    assert set(gallery.names.persons) == {concealed("bob")}


def test_a_deletion_that_was_killed_forgets_names_afterwards(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.add(seen(0, ["anna", "bob"], ["", ""]))
    kill_while_deleting(gallery, "crops-0/000000.jpg", monkeypatch)
    with gallery.store.writing():
        deletion.finish(gallery.store)
    assert set(gallery.names.persons) == {concealed("bob")}


def test_a_file_of_descriptors_keeps_names(gallery: Gallery, tmp_path: Path) -> None:
    people = seen(0, ["anna", ""], ["door", "door"])
    Embeddings.join([people, persons(1, seed=5)])[[0, 2]].save(tmp_path / "p.parquet")
    stored = Embeddings.load(tmp_path / "p.parquet")
    assert (stored.person_names, stored.camera_names) == ((concealed("anna"), ""), ("door", ""))
    gallery.add(stored)
    assert rows(gallery)["crops-0/000000.jpg"] == (gallery.names.person("anna"), gallery.names.camera("door"))


def test_names_and_numbers_as_users_call_them() -> None:
    names = Names({concealed("anna"): 9, concealed("0"): 8}, {"door": 5})
    assert [names.camera(called) for called in ("door", "3", "unknown", "-1")] == [5, 3, -1, -1]
    assert [names.person(called) for called in ("anna", "0", "9")] == [9, 8, 9]
    with pytest.raises(ReseenError, match="there is no camera 'dor': name one by its number, or one of door"):
        names.camera("dor")
    with pytest.raises(ReseenError, match=r"there is no person 'x': name one by its number, or as when it was added"):
        Names().person("x")


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"persons": {}, "cameras": {"a": "b"}, "following": 1})])
def test_a_damaged_register_is_named(gallery: Gallery, content: str) -> None:
    (Path(gallery.place) / "names.json").write_text(content)
    with pytest.raises(ReseenError, match=r"names\.json is damaged"):
        gallery.names  # noqa: B018
