"""A start keeps its name wherever it lies, and a run keeps its start."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.training.recipe import Recipe, check_unchanged, dump_recipe, recipe_from
from reseen.training.recipe.starts import is_checkpoint


def starting(init: dict[str, str]) -> Recipe:
    return recipe_from(
        {
            "name": "r",
            "data": {"name": "market1501"},
            "model": {"system": "ide"},
            "init": init,
            "phases": [{"epochs": 1, "objective": {"terms": [{"kind": "identity"}]}}],
        },
        "test",
    )


@pytest.mark.parametrize(
    ("started", "now"),
    [
        ("weights/a.safetensors", "weights/b.safetensors"),
        ("runs/a/last", "runs/b/last"),
        ("runs/a/last", "runs/a/best"),
        ("hub", "a.safetensors"),
        ("pose-net", None),
    ],
)
def test_a_run_goes_on_from_what_it_started_from(started: str, now: str | None, tmp_path: Path) -> None:
    stored = tmp_path / "recipe.yaml"
    stored.write_text(dump_recipe(starting({"backbone": started})))
    check_unchanged(starting({"backbone": str(tmp_path / started)}), stored)
    with pytest.raises(ReseenError, match=r"differs from .*recipe\.yaml in 'init\.backbone'"):
        check_unchanged(starting({"backbone": now} if now else {}), stored)


def test_checkpoints_are_told_from_weights(tmp_path: Path) -> None:
    assert [is_checkpoint(name) for name in ("runs/a/last", "/elsewhere/a/best-on-test")] == [True, True]
    assert [is_checkpoint(name) for name in ("hub", "a.safetensors", "runs/a", "last")] == [False] * 4
    (tmp_path / "model.safetensors").touch()
    assert is_checkpoint(str(tmp_path))
