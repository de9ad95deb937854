"""A device by name, or what is there."""

from __future__ import annotations

import pytest
import torch

from reseen.errors import ReseenError
from reseen.models.backends.device import device_of


def test_auto_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert device_of("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:77", "gpu", ""])
def test_a_device_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(ReseenError, match=f"--device {name}: "):
        device_of(name)
