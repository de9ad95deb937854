"""From a checkpoint to one graph that other engines run: checked against PyTorch, quantised if asked for."""

from reseen.export.exporting import Exported, export
from reseen.export.parity import Parity

__all__ = ["Exported", "Parity", "export"]
