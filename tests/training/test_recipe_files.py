"""A recipe by its file or by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.training.recipe_files import find_recipe, recipes_directory


def test_a_bare_name_is_one_of_ours_unless_there_is_such_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_recipe(Path("demo")) == recipes_directory() / "demo.yaml"
    Path("demo").write_text("name: own\n")
    assert find_recipe(Path("demo")) == Path("demo")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("dmo", "there is no recipe 'dmo'; near: demo"),
        ("demo.yml", "cannot read recipe demo.yml: there is no such file"),
        ("recipes/demo", "cannot read recipe recipes/demo: there is no such file"),
    ],
)
def test_what_is_not_there_is_told(path: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReseenError, match=says):
        find_recipe(Path(path))
