"""What runs a trained system on prepared pictures: PyTorch, or any other engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.models.output import PersonOutput
from reseen.precision import runs_bfloat16
from reseen.provenance import weights_digest

Named = Mapping[str, NDArray[np.float32]]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """What is kept of B pictures.

    Attributes:
        features: (B, d) float32 by name, in the order in which they make the descriptor.
        attributes: Probabilities (B, classes) float32 by attribute name; empty for a system without attributes.
    """

    features: Named
    attributes: Named

    @classmethod
    def join(cls, several: Sequence[Arrays]) -> Arrays:
        """Returns one after the other; there has to be at least one."""
        return cls(_join([each.features for each in several]), _join([each.attributes for each in several]))

    def averaged(self, other: Arrays) -> Arrays:
        """Returns the mean of two views of the same pictures."""
        return Arrays(_mean(self.features, other.features), _mean(self.attributes, other.attributes))

    def first(self, count: int) -> Arrays:
        """Returns the first pictures alone."""
        features, attributes = (
            {name: values[:count] for name, values in kind.items()} for kind in (self.features, self.attributes)
        )
        return Arrays(features, attributes)


class Backend(Protocol):
    """Runs a system; the `Embedder` prepares its batches and finishes what it gives."""

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes the system predicts, or None."""

    @property
    def extra_sizes(self) -> Mapping[str, tuple[int, int]]:
        """(h, w) of each further view of the pictures that it wants, by name."""

    @property
    def digest(self) -> str:
        """Tells these weights from all others, on whatever device and in whatever number format they run."""

    @property
    def device(self) -> torch.device:
        """Where it wants its batches."""

    def run(self, batch: PersonBatch) -> Arrays:
        """Returns descriptor and attribute probabilities of B pictures."""


class TorchBackend:
    """Runs the system itself, which stays in the mode, training or not, that it is in.

    Args:
        model: Any system.
        precision: Number format of the forward pass; bfloat16 only on devices that compute in it themselves.
    """

    def __init__(self, model: nn.Module, precision: Precision) -> None:
        self.model = model
        self.precision = precision
        self._settled = ""

    @property
    def schema(self) -> AttributeSchema | None:
        schema = getattr(self.model.config, "attributes", None)
        return schema if isinstance(schema, AttributeSchema) else None

    @property
    def extra_sizes(self) -> Mapping[str, tuple[int, int]]:
        sizes: Mapping[str, tuple[int, int]] = getattr(self.model, "extra_sizes", {})
        return sizes

    def settle(self) -> None:
        """Takes the weights for final: from here on they are hashed no more."""
        self._settled = self.digest

    @property
    def digest(self) -> str:
        if self._settled:
            return self._settled
        return weights_digest(self.model)

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def run(self, batch: PersonBatch) -> Arrays:
        output = self.forward(replace(batch, wants_maps=False))
        return Arrays(
            {name: _array(output.features[name]) for name in output.descriptor},
            {name: _array(values) for name, values in output.attribute_probabilities(self.schema).items()},
        )

    def forward(self, batch: PersonBatch) -> PersonOutput:
        """Returns everything the system has to say, maps and logits too."""
        low = self.precision == "bfloat16" and runs_bfloat16(self.device)
        autocast = torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=low)
        with evaluating(self.model), torch.inference_mode(), autocast:
            output = self.model(batch)
        assert isinstance(output, PersonOutput)
        return output


def _join(several: Sequence[Named]) -> Named:
    return {name: np.concatenate([each[name] for each in several]) for name in several[0]}


def _mean(one: Named, other: Named) -> Named:
    half = np.float32(0.5)
    return {name: (values + other[name]) * half for name, values in one.items()}


def _array(values: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.float().cpu().numpy()
    return array


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Puts a model into eval mode and each of its modules back into the mode it was found in."""
    trained = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in trained:
            module.training = True  # not train(): that would wake frozen parts below it
