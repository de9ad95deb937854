"""Only devices that compute in bfloat16 themselves are said to."""

from __future__ import annotations

import pytest
import torch

from reseen.precision import precision_on, runs_bfloat16, tune


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


@pytest.mark.parametrize("has_gpu", [False, True])
def test_a_training_takes_what_its_device_is_fast_in(has_gpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    monkeypatch.setattr("reseen.precision.runs_bfloat16", lambda device: device.type == "cuda")
    fast = "bf16-mixed" if has_gpu else "32-true"
    assert (precision_on("auto", "auto"), precision_on("gpu", "auto"), precision_on("cpu", "auto")) == (
        fast,
        fast,
        "32-true",
    )
    assert precision_on("cpu", "bf16-mixed") == "bf16-mixed"
