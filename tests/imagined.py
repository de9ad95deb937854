"""A GPU that PyTorch only imagines: its tensors have a device and a shape, but no numbers."""

from __future__ import annotations

import pytest
import torch
from packaging.version import Version

imagines_gpu = pytest.mark.skipif(
    Version(torch.__version__) < Version("2.10"), reason="PyTorch 2.9 looks for a driver even of an imagined GPU"
)
