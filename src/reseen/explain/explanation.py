"""One picture explained: what the system read in it and where it looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from reseen.data.person import PersonImage
from reseen.explain.drawing.maps import Prediction, explain_figure
from reseen.explain.drawing.weights import weights_figure
from reseen.models.embedder import Embedder
from reseen.models.output import PersonOutput


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Attribute predictions and the figure of maps.

    Attributes:
        predictions: Attribute, what was read, probability, in schema order; empty for a system without attributes.
        figure: The picture, its maps and the predictions.
        weights: What the system has learnt each attribute to be worth, whatever the picture; else what it makes of each
            of its channels or parts in this one; None if it weighs nothing.
        attribute_weights: What it has learnt each attribute to be worth, the highest first; empty for most systems.
    """

    predictions: tuple[Prediction, ...]
    figure: Figure
    weights: Figure | None = None
    attribute_weights: Mapping[str, float] = field(default_factory=dict)


def explain(embedder: Embedder, image: PersonImage, *, title: str = "") -> Explanation:
    """Explains one image (AANet, figs. 3 and 6).

    Args:
        embedder: The model.
        image: The picture.
        title: Headline of the figure.

    Raises:
        ReseenError: If the picture cannot be read.
    """
    output = embedder.describe(image)
    tables = {name: table[0].cpu().numpy() for name, table in output.attribute_probabilities(embedder.schema).items()}
    predictions = [
        (attribute.name, *attribute.read(tables[attribute.name]))
        for attribute in embedder.schema or ()
        if attribute.name in tables
    ]
    maps = {name: values[0].float().cpu().numpy() for name, values in output.maps.items()}
    learnt: Mapping[str, float] = getattr(embedder.model, "attribute_weights", dict)()
    return Explanation(
        tuple(predictions),
        explain_figure(image.open(), maps, predictions, title=title),
        weights_figure(learnt) if learnt else _weights_here(output),
        dict(sorted(learnt.items(), key=lambda item: -item[1])),
    )


def _weights_here(output: PersonOutput) -> Figure | None:
    """Draws what a picture's channels or parts weigh."""
    weights = {name: float(values[0]) for name, values in output.weights.items()}
    return weights_figure(weights, title="weights in this picture") if weights else None
