"""A state is read as it was written, and whatever else lies there is refused in one line."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from reseen.errors import ReseenError
from reseen.training.loop.state import TrainingState


@pytest.fixture
def state() -> TrainingState:
    """In the middle of an epoch, with the moments of one step of Adam."""
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    learnt = {"weighting.log_variances.0": torch.tensor(0.25)}
    tally = {"sums": {"loss": torch.tensor(1.5)}, "steps": 3, "images": 96, "seconds": 0.5}
    return TrainingState(
        1, 2, 3, model.state_dict(), learnt, optimizer.state_dict(), best=0.5, seconds=12.5, tally=tally
    )


def test_everything_comes_back(state: TrainingState, tmp_path: Path) -> None:
    state.save(tmp_path / "state.ckpt")
    loaded = TrainingState.load(tmp_path / "state.ckpt")
    for field in fields(TrainingState):
        torch.testing.assert_close(getattr(loaded, field.name), getattr(state, field.name), rtol=0, atol=0)
    assert [path.name for path in tmp_path.iterdir()] == ["state.ckpt"]


def test_an_older_state_is_kept_until_the_new_one_is_complete(
    state: TrainingState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.ckpt"
    state.save(path)

    def fail(content: object, file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="no space left"):
        replace(state, epoch=3).save(path)
    assert TrainingState.load(path).epoch == 2
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_state_is_told_in_one_line(state: TrainingState, tmp_path: Path) -> None:
    path = tmp_path / "state.ckpt"
    with pytest.raises(ReseenError, match=r"nothing to resume: .*state\.ckpt does not exist; leave out --resume"):
        TrainingState.load(path)
    torch.save({"phase": 0}, path)
    contents = [b"", b"text", path.read_bytes(), pickle.dumps(print, protocol=2)]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(ReseenError, match=r"cannot resume from .*state\.ckpt: .*; start anew") as caught:
            TrainingState.load(path)
        assert "\n" not in str(caught.value)


def test_a_foreign_state_cannot_run_code(tmp_path: Path) -> None:
    """Such a file was sent by somebody: loading it must not call what it names."""

    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "touched",)  # type: ignore[return-value]

    torch.save({"phase": Harmful()}, tmp_path / "state.ckpt")
    with pytest.raises(ReseenError, match="cannot resume"):
        TrainingState.load(tmp_path / "state.ckpt")
    assert not (tmp_path / "touched").exists()
