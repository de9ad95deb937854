"""A system as one graph that other engines run: pictures in, named features and attribute probabilities out."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.data.images.preparation import blank
from reseen.descriptors.embeddings import PROBABILITY
from reseen.errors import ReseenError, one_line
from reseen.models.backends.backend import TorchBackend, evaluating
from reseen.models.output import PersonOutput

IMAGES = "images"
"""Name of the graph's first input."""
_VIEW = "view"
"""Stands before the names of the others, the system's further views: a view may be called as a feature is."""
_LARGEST_BATCH = 65_536


class GraphForm(BaseModel):
    """What goes into a graph and what comes out, in this order.

    Attributes:
        digest: Tells its weights from all others: the system's own, whatever engine runs it, unless it is quantised.
        views: (H, W) of the inputs besides ``images``, by name.
        features: The descriptor's features.
        attributes: The attributes whose probabilities ``probability/NAME`` come after the features.
        attribute_schema: What the system predicts, or None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str
    views: dict[str, tuple[int, int]]
    features: tuple[str, ...]
    attributes: tuple[str, ...]
    attribute_schema: AttributeSchema | None

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs."""
        return [IMAGES, *(f"{_VIEW}/{name}" for name in self.views)]

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return [*self.features, *(f"{PROBABILITY}/{name}" for name in self.attributes)]


class _Graph(nn.Module):
    """What is exported.

    The system is not a part of it, but is called with the graph's weights: PyTorch writes the names of a graph's parts
    into code, where a head that is called "global" is no name.
    """

    def __init__(self, model: nn.Module, form: GraphForm) -> None:
        super().__init__()
        self._call: Callable[..., PersonOutput] = partial(torch.func.functional_call, model)
        self._form = form
        self._kept: dict[str, str] = {}
        for number, (name, parameter) in enumerate(model.named_parameters()):
            self._kept[name] = f"parameter{number}"
            self.register_parameter(self._kept[name], parameter)
        for number, (name, buffer) in enumerate(model.named_buffers()):
            self._kept[name] = f"buffer{number}"
            self.register_buffer(self._kept[name], buffer)

    def forward(self, images: Tensor, *views: Tensor) -> tuple[Tensor, ...]:
        weights = {name: getattr(self, kept) for name, kept in self._kept.items()}
        batch = PersonBatch(images, views=dict(zip(self._form.views, views, strict=True)))
        output = self._call(weights, (batch,))
        probabilities = output.attribute_probabilities(self._form.attribute_schema)
        return (
            *(output.features[name] for name in self._form.features),
            *(probabilities[name] for name in self._form.attributes),
        )


def form_of(model: nn.Module, size: tuple[int, int]) -> GraphForm:
    """Returns what a system's graph takes and gives.

    Args:
        model: The system.
        size: (H, W) of its pictures.
    """
    backend = TorchBackend(model, "float32")
    one = backend.run(blank(size, backend.extra_sizes, backend.device))
    return GraphForm(
        digest=backend.digest,
        views=dict(backend.extra_sizes),
        features=tuple(one.features),
        attributes=tuple(one.attributes),
        attribute_schema=backend.schema,
    )


def write_onnx(model: nn.Module, form: GraphForm, size: tuple[int, int], file: Path) -> None:
    """Writes a system on the CPU as an ONNX file, for batches of any size.

    Args:
        model: The system.
        form: What `form_of` says of it.
        size: (H, W) of its pictures.
        file: The file.

    Raises:
        ReseenError: If the system does something that no graph can say.
    """
    batch = torch.export.Dim("batch", min=1, max=_LARGEST_BATCH)
    pictures = [torch.zeros(2, 3, *each) for each in (size, *form.views.values())]
    shapes = ({0: batch}, *([tuple({0: batch} for _ in form.views)] if form.views else []))
    try:
        with evaluating(model), torch.no_grad(), _quiet():
            graph = torch.export.export(_Graph(model, form).eval(), tuple(pictures), dynamic_shapes=shapes)
            program = torch.onnx.export(
                graph, dynamo=True, input_names=form.inputs, output_names=form.outputs, optimize=False, verbose=False
            )
        assert program is not None
        program.save(file, external_data=False)
    except (RuntimeError, ValueError, TypeError, NotImplementedError, SyntaxError) as error:
        raise ReseenError(
            f"{type(model).__name__} cannot be exported: {one_line(error)}; run it with --backend torch"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps exporters' remarks to themselves: they are about code, not about what a user has done."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logger.setLevel(level)
