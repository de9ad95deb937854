"""PETA's words, lists and pictures; its rows and splits are tested with the data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data.annotations.peta_labels import (
    SELECTED,
    SUBSETS,
    archives,
    known_words,
    read_list,
    read_pictures,
    read_words,
)
from reseen.data.images.source import Entry, open_folder
from reseen.errors import ReseenError
from tests.data.trees import paint_all


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two subsets; the second one's words lie beside its archive, as in some copies of the release."""
    paint_all(tmp_path / "peta" / "PRID" / "archive", ["0002_b.png", "0001_a.png"])
    (tmp_path / "peta" / "PRID" / "archive" / "Label.txt").write_text(
        "0001.png hairLong footwearSneakers\n\n2 hairLong\n"
    )
    paint_all(tmp_path / "peta" / "CAVIAR4REID" / "archive", ["7_x.png"])
    (tmp_path / "peta" / "CAVIAR4REID" / "Label.txt").write_text("\ufeff7 personalMale\n7 accessoryShawl\n")
    return tmp_path


def test_pictures_come_by_subset_then_by_name(root: Path) -> None:
    assert set(archives(open_folder(root))) == {SUBSETS.index("CAVIAR4REID"), SUBSETS.index("PRID")}
    pictures = read_pictures(open_folder(root))
    assert [(SUBSETS[each.subset], each.entry.name, each.person[1]) for each in pictures] == [
        ("CAVIAR4REID", "7_x.png", "7"),
        ("PRID", "0001_a.png", "1"),
        ("PRID", "0002_b.png", "2"),
    ]


def test_words_are_those_of_persons_in_one_spelling(root: Path) -> None:
    words = read_words(open_folder(root))
    caviar, prid = SUBSETS.index("CAVIAR4REID"), SUBSETS.index("PRID")
    assert words == {
        (caviar, "7"): {"personalMale", "accessoryShawl"},  # two lines of one person go together
        (prid, "1"): {"hairLong", "footwearSneaker"},
        (prid, "2"): {"hairLong"},
    }
    assert known_words(words | {(prid, "3"): frozenset({"hairShort", "aword"})}, None) == (
        *SELECTED,
        "aword",
        "hairShort",  # others are sorted; accessoryShawl is in no published set
    )


def test_a_list_gives_the_selected_words(tmp_path: Path) -> None:
    labels = ["1" if name in ("hairLong", "upperBodyVNeck") else "0" for name in SELECTED]
    (tmp_path / "list.txt").write_text(f"x/prid/archive/0001_a.png {' '.join(labels)}\n\n")
    assert read_list(Entry(tmp_path / "list.txt")) == {
        (SUBSETS.index("PRID"), "0001_a"): {"hairLong", "upperBodyVNeck"},
    }
    for line in ("PRID/archive/a.png 1 0", f"a.png {' '.join(labels)}", f"OTHER/archive/a.png {' '.join(labels)}"):
        (tmp_path / "list.txt").write_text(f"\n{line}\n")
        with pytest.raises(ReseenError, match=r"list\.txt line 2 is no path in PETA with 35 labels"):
            read_list(Entry(tmp_path / "list.txt"))
