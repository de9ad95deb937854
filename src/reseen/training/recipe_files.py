"""Where recipes lie; known without PyTorch, so that a misspelt name is told at once."""

from __future__ import annotations

from pathlib import Path

from reseen.errors import ReseenError, closest


def recipes_directory() -> Path:
    """Returns the folder of the recipes that come with reseen: in the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "recipes"
    return installed if installed.is_dir() else package.parents[1] / "recipes"


def recipe_files() -> dict[str, Path]:
    """Returns the recipes that come with reseen by name: in a folder for each system, and those of no paper above."""
    return {path.stem: path for path in sorted(recipes_directory().rglob("*.yaml"))}


def find_recipe(path: Path) -> Path:
    """Returns the file of a recipe; a bare name is one of ours, unless there is such a file.

    Raises:
        ReseenError: If there is none.
    """
    if path.is_file():
        return path
    if path.suffix or len(path.parts) > 1:
        raise ReseenError(f"cannot read recipe {path}: there is no such file; see recipes/ for those that exist")
    ours = recipe_files()
    if path.name not in ours:
        near = closest(path.name, sorted(ours)) or sorted(ours)
        raise ReseenError(f"there is no recipe {str(path)!r}; near: {', '.join(near)}")
    return ours[path.name]
