"""A backend that runs an exported graph and has never seen the system's code."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.models.backends.backend import Arrays
from reseen.models.backends.engines import Engine
from reseen.models.backends.graph import GraphForm


class GraphBackend:
    """Runs a graph on the CPU.

    Args:
        form: What goes in and what comes out.
        engine: Runs it.
    """

    def __init__(self, form: GraphForm, engine: Engine) -> None:
        self.form = form
        self._engine = engine

    @property
    def schema(self) -> AttributeSchema | None:
        return self.form.attribute_schema

    @property
    def extra_sizes(self) -> Mapping[str, tuple[int, int]]:
        return self.form.views

    @property
    def digest(self) -> str:
        return self.form.digest

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def run(self, batch: PersonBatch) -> Arrays:
        pictures = (batch.images, *(batch.views[name] for name in self.form.views))
        outputs = self._engine([each.contiguous().numpy() for each in pictures])
        count = len(self.form.features)
        return Arrays(
            dict(zip(self.form.features, outputs[:count], strict=True)),
            dict(zip(self.form.attributes, outputs[count:], strict=True)),
        )
