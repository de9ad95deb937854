"""A person is found in a folder, in a data set, in a file of descriptors."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from PIL import Image

from reseen import Embeddings
from reseen.errors import ReseenError
from tests.cli.calls import run


def test_search_in_a_folder_equals_search_in_its_descriptors(
    trained: Path, market_drawn: Path, query: Path, tmp_path: Path
) -> None:
    gallery, file = market_drawn / "bounding_box_test", tmp_path / "gallery.parquet"
    result = run("embed", trained / "last", "--images", gallery, "--out", file, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert len(Embeddings.load(file)) == len(list(gallery.glob("*.jpg")))
    results = [
        run("search", trained / "last", "--gallery", place, "--query", query, "--out", tmp_path / "s.png", "--top", 3)
        for place in (gallery, file)
    ]
    assert all(result.exit_code == 0 for result in results), results[0].output
    found = [re.findall(r"\d{4}_c\ds1_\d{6}_\d\d\.jpg", result.stdout) for result in results]
    assert found[0] == found[1]
    assert len(found[0]) == 3
    camera = query.name.split("_")[1][:2]
    own = len(list(gallery.glob(f"{query.name[:4]}_{camera}*.jpg")))
    said = f"pictures of person {int(query.name[:4])} by the query's own camera {camera[1:]}, left out: {own}"
    assert all((said in " ".join(result.stderr.split())) == (own > 0) for result in results)
    assert not any(name.startswith(query.name[:4]) and f"_{camera}" in name for name in found[0])
    with Image.open(tmp_path / "s.png") as picture:
        assert picture.width > picture.height


def test_descriptors_of_another_model_are_refused(
    trained: Path, market_drawn: Path, query: Path, tmp_path: Path
) -> None:
    """Equally long ones, too: this once ended with a ranking that meant nothing."""
    file = tmp_path / "gallery.parquet"
    embedded = run("embed", trained / "last", "--images", market_drawn / "query", "--out", file, "--device", "cpu")
    assert embedded.exit_code == 0, embedded.output
    replace(Embeddings.load(file), model="0123456789abcdef").save(file)
    for wanted in (["--query", query], ["--where", "gender=male"]):
        result = run("search", trained / "last", "--gallery", file, *wanted, "--out", tmp_path / "s.png")
        assert isinstance(result.exception, ReseenError)
        assert "was made by another model (0123456789ab)" in str(result.exception)
    assert not (tmp_path / "s.png").exists()


def test_the_gallery_of_a_data_set_is_searched(trained: Path, market_drawn: Path, query: Path, tmp_path: Path) -> None:
    result = run("search", trained / "last", "--gallery", market_drawn, "--query", query, "--out", tmp_path / "s.png")
    assert result.exit_code == 0, result.output
    names = re.findall(r"(?:-1|\d{4})_c\ds1_\d{6}_\d\d\.jpg", result.stdout)
    assert len(names) == 10
    gallery = {path.name for path in (market_drawn / "bounding_box_test").glob("*.jpg")}
    assert set(names) <= {name for name in gallery if not name.startswith("-1")}


def test_search_by_attributes_alone(trained: Path, market_drawn: Path, tmp_path: Path) -> None:
    gallery = market_drawn / "bounding_box_test"
    both = [
        run(
            "search",
            trained / "last",
            "--gallery",
            gallery,
            "--where",
            where,
            "--out",
            tmp_path / "s.png",
            "--top",
            200,
        )
        for where in ("gender=male", "gender=female")
    ]
    assert all(result.exit_code == 0 for result in both)
    counts = [len(re.findall(r"\.jpg", result.stdout)) for result in both]
    assert sum(counts) == len(list(gallery.glob("*.jpg")))  # a filter and its opposite share the gallery out
