"""How far PyTorch and another engine are apart where a checkpoint runs in bfloat16."""

from __future__ import annotations

from dataclasses import dataclass

from reseen.checkpoint_files import EngineName
from reseen.export.parity import Parity, compare, pictures_of_nobody
from reseen.models.embedder import Embedder
from reseen.precision import runs_bfloat16

PICTURES = 32
"""How many are compared: only where rounding tips a hard choice, in a few of them, do descriptors differ much."""
_FORMATS = {"onnx": "ONNX Runtime in 32 bits", "openvino": "OpenVINO in bfloat16"}


@dataclass(frozen=True, slots=True)
class AsRun:
    """How near both are in the number formats they run in on this processor.

    Attributes:
        engine: The engine beside PyTorch.
        parity: How near; None where this processor does not compute in bfloat16, so that both run in 32 bits.
        distance: The largest between the two descriptors of one picture, by the model's own distance.
    """

    engine: EngineName
    parity: Parity | None = None
    distance: float = 0.0

    def words(self) -> str:
        """Returns what a user and a card are told."""
        if self.parity is None:
            return "not compared in bfloat16: this processor does not compute in it"
        return (
            f"as they run, PyTorch in bfloat16 and {_FORMATS[self.engine]}, {self.parity.words()}, "
            f"largest distance {self.distance:.4g}"
        )


def as_run(own: Embedder, other: Embedder, engine: EngineName) -> AsRun:
    """Compares a checkpoint and its graph as they run; there is no bound, since rounding alone sets them apart.

    Args:
        own: The checkpoint, whose precision is bfloat16.
        other: The graph in its engine, with the same precision.
        engine: The engine.
    """
    if not runs_bfloat16(own.device):
        return AsRun(engine)
    pictures = pictures_of_nobody(own.config.size, PICTURES)
    one, two = (each.embed(pictures, batch_size=8) for each in (own, other))
    return AsRun(engine, compare(one, two), float(one.distances_to(two).diagonal().max()))
