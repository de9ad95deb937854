"""Which pictures lie on a GPU, and how others get there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from reseen.data.images.resident import fits, resident, sent
from tests.imagined import imagines_gpu

GIB = 2**30


@pytest.mark.parametrize(
    ("size", "free", "there"),
    [
        (12_936 * 384 * 128 * 3, 78 * GIB, True),  # Market-1501's training set at 384×128
        (12_936 * 384 * 128 * 3, 3 * GIB, False),
        (2 * GIB, 4 * GIB, True),
        (2 * GIB + 1, 4 * GIB, False),
    ],
)
def test_half_of_the_free_memory_is_theirs(size: int, free: int, there: bool) -> None:
    assert fits(size, free) is there


def test_without_a_gpu_they_stay_in_their_file() -> None:
    assert resident(np.zeros((2, 4, 2, 3), np.uint8), torch.device("cpu")) is None


@imagines_gpu
@pytest.mark.parametrize(("free", "there"), [(192, True), (191, False)])
def test_a_gpu_is_asked_for_its_memory(free: int, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pictures of 24 bytes, and a GPU that PyTorch imagines."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 10 * free))
    with FakeTensorMode(allow_non_fake_inputs=True):
        held = resident(np.zeros((4, 4, 2, 3), np.uint8), torch.device("cuda"))
    assert (held is not None) is there
    assert held is None or (held.device.type, held.shape) == ("cuda", (4, 4, 2, 3))


def test_what_is_where_it_belongs_is_not_copied() -> None:
    values = torch.arange(3)
    assert sent(values, torch.device("cpu")) is values
