"""What makes a folder a checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.checkpoint_files import (
    CONFIG,
    HISTORY,
    MODEL_FILE,
    RECIPE,
    REPORT,
    STATE,
    check_checkpoint,
    check_model,
    graph_in,
    is_begun,
)
from reseen.errors import ReseenError


def test_the_first_file_that_is_missing_is_named(tmp_path: Path) -> None:
    for missing in (CONFIG, MODEL_FILE):
        with pytest.raises(ReseenError, match=f"is not a checkpoint: it has no {missing}"):
            check_checkpoint(tmp_path)
        (tmp_path / missing).touch()
    assert check_checkpoint(tmp_path) == tmp_path


def test_an_exported_graph_stands_in_for_weights_where_it_can(tmp_path: Path) -> None:
    (tmp_path / "model.xml").touch()
    assert graph_in(tmp_path) is None, "without a configuration nobody knows what it is"
    (tmp_path / CONFIG).touch()
    assert graph_in(tmp_path) == "openvino"
    assert check_model(tmp_path) == tmp_path
    with pytest.raises(ReseenError, match="holds an exported graph, whose weights cannot be had"):
        check_checkpoint(tmp_path)
    (tmp_path / "model.xml").unlink()
    with pytest.raises(ReseenError, match=f"it has no {MODEL_FILE}"):
        check_model(tmp_path)


@pytest.mark.parametrize(
    ("files", "begun"),
    [
        ([], False),
        (["notes.txt"], False),
        ([RECIPE, "log.txt"], True),
        ([RECIPE, HISTORY, STATE], True),
        ([RECIPE, HISTORY], False),  # it took steps, and somebody has removed its state
        ([RECIPE, REPORT], False),
    ],
)
def test_what_can_be_gone_on_with(tmp_path: Path, files: list[str], begun: bool) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert is_begun(tmp_path) is begun
    assert not is_begun(tmp_path / "nowhere")
