"""Only devices that compute in bfloat16 themselves are said to."""

from __future__ import annotations

import pytest
import torch

from reseen.precision import runs_bfloat16, tune


@pytest.mark.parametrize(("avx512", "amx"), [(False, False), (True, False), (False, True)])
def test_a_processor_needs_instructions_for_it(monkeypatch: pytest.MonkeyPatch, avx512: bool, amx: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert runs_bfloat16(torch.device("cpu")) == (avx512 or amx)


def test_graphics_processors_differ() -> None:
    assert runs_bfloat16(torch.device("cuda"))
    assert not runs_bfloat16(torch.device("mps"))


@pytest.mark.parametrize(("device", "tries"), [("cpu", False), ("cuda", True)])
def test_a_gpu_alone_tries_its_algorithms(device: str, tries: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    tune(torch.device(device))
    assert torch.backends.cudnn.benchmark is tries
