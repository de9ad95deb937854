"""What makes a folder a checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.checkpoint_files import CONFIG, MODEL_FILE, check_checkpoint
from reseen.errors import ReseenError


def test_the_first_file_that_is_missing_is_named(tmp_path: Path) -> None:
    for missing in (CONFIG, MODEL_FILE):
        with pytest.raises(ReseenError, match=f"is not a checkpoint: it has no {missing}"):
            check_checkpoint(tmp_path)
        (tmp_path / missing).touch()
    assert check_checkpoint(tmp_path) == tmp_path
