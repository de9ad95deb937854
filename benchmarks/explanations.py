"""Do the maps tell the truth? Measured on rendered persons, whose body parts are known to the pixel.

For each map of a model: how much of its energy lies on the person and on the body parts its attribute shows on, and how
often its highest place does (pointing game), beside a blob in the middle and random values; then how far the descriptor
moves, or the attribute's probability falls, when the hottest part of the picture is covered, beside covering the same
shape elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

import reseen
from reseen.console import run
from reseen.data import open_split
from reseen.data.images.transforms import IMAGENET_MEAN
from reseen.data.person import PersonImage
from reseen.data.sets.rendered import Part
from reseen.errors import ReseenError
from reseen.explain.faithfulness import (
    centred_blob,
    covered,
    energy_inside,
    hottest,
    moved,
    points_inside,
    random_map,
)
from reseen.models.embedder import Embedder
from reseen.models.output import PersonOutput

PARTS: Mapping[str, tuple[Part, ...]] = {
    "hair": (Part.HAIR, Part.FACE),
    "hat": (Part.HAT, Part.HAIR, Part.FACE),
    "sleeve": (Part.ARMS, Part.UPPER),
    "upper_color": (Part.UPPER, Part.ARMS),
    "lower_color": (Part.LOWER,),
    "lower_length": (Part.LOWER, Part.LEGS),
    "lower_type": (Part.LOWER, Part.LEGS),
    "backpack": (Part.BACKPACK,),
    "bag": (Part.BAG,),
    "handbag": (Part.HANDBAG,),
}
"""Where an attribute is to be seen; gender and age are of the whole person. Bags count only where one is seen."""
GRAY = tuple(round(255 * value) for value in IMAGENET_MEAN)

console = Console()
Figures = dict[str, dict[str, float]]


def main(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint folder, such as runs/NAME/last.")],
    data: Annotated[Path, typer.Option(help="Folder of rendered pedestrians (reseen data render).")],
    images: Annotated[int, typer.Option(min=1, help="How many of the test pictures, spread over all.")] = 120,
    share: Annotated[float, typer.Option(help="Share of the picture that is covered.")] = 0.15,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Print what the maps of a model are worth."""
    embedder = reseen.load(checkpoint)
    gallery = open_split("rendered", data, masks=True).gallery
    if not gallery:
        raise ReseenError(f"{data} has no test persons; render with a test share")
    chosen = [gallery[row] for row in np.linspace(0, len(gallery) - 1, min(images, len(gallery))).astype(int)]
    figures = measure(embedder, chosen, share)
    console.print(_table(figures, f"{checkpoint}, {len(chosen)} pictures, {share:.0%} covered"))
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


def measure(embedder: Embedder, images: list[PersonImage], share: float) -> Figures:
    """Returns the means over pictures of each figure, by map."""
    generator = np.random.default_rng(0)
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    embeddings = []
    for image in images:
        pixels = np.asarray(image.open())
        mask = image.open_mask()
        output = embedder.describe(Image.fromarray(pixels))
        embeddings.append(output.embedding[0].numpy())
        for name, heat in _maps(output):
            for column, value in _looked_at(name, heat, mask, generator):
                values[name][column].append(value)
            for column, value in _moved_by(embedder, output, name, heat, pixels, share, generator):
                values[name][column].append(value)
    # A distance is told in units of the typical one between two pictures.
    typical = _typical_distance(np.stack(embeddings))
    means = {name: {column: float(np.mean(own)) for column, own in columns.items()} for name, columns in values.items()}
    for columns in means.values():
        for column in columns:
            if column.startswith("distance"):
                columns[column] /= typical
    return means


def _maps(output: PersonOutput) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for name, heat in output.maps.items():
        yield name, heat[0].float().numpy()


def _looked_at(
    name: str, heat: NDArray[np.float32], mask: NDArray[np.uint8], generator: np.random.Generator
) -> Iterator[tuple[str, float]]:
    """Yields how much of a map, of the blob and of a random map lies on the person, and on the attribute's part."""
    size = (heat.shape[0], heat.shape[1])
    rivals = {"map": heat, "blob": centred_blob(size), "random": random_map(size, generator)}
    targets = {"person": mask != Part.BACKGROUND}
    if (parts := PARTS.get(name.removeprefix("attribute/"))) is not None:
        targets["part"] = np.isin(mask, parts)
    for target, inside in targets.items():
        if inside.any():
            for rival, values in rivals.items():
                yield f"{target}, {rival}", energy_inside(values, inside)
                yield f"{target} pointed at, {rival}", float(points_inside(values, inside))


def _moved_by(
    embedder: Embedder,
    output: PersonOutput,
    name: str,
    heat: NDArray[np.float32],
    pixels: NDArray[np.uint8],
    share: float,
    generator: np.random.Generator,
) -> Iterator[tuple[str, float]]:
    """Yields how far covering moves the descriptor; for an attribute, how far its probability falls."""
    marked = hottest(heat, (pixels.shape[0], pixels.shape[1]), share)
    for what, area in (("map", marked), ("elsewhere", moved(marked, generator))):
        other = embedder.describe(Image.fromarray(covered(pixels, area, GRAY)))
        attribute = name.removeprefix("attribute/")
        before, after = (each.attribute_probabilities(embedder.schema).get(attribute) for each in (output, other))
        if before is not None and after is not None:
            yield f"probability, {what}", float(before[0].max() - after[0, before[0].argmax()])
        else:
            yield f"distance, {what}", float((output.embedding - other.embedding).norm())


def _typical_distance(embeddings: NDArray[np.float32]) -> float:
    squares = np.square(embeddings[:, None] - embeddings[None]).sum(2)
    return float(np.sqrt(np.median(squares[np.triu_indices(len(embeddings), 1)])))


def _table(figures: Figures, title: str) -> Table:
    table = Table(title=title, caption="part: where the attribute shows; b: blob in the middle; r: random values")
    table.add_column("map")
    for column in ("on person / b / r", "points / b", "on part / b / r", "points / b", "moved by map / elsewhere"):
        table.add_column(column, justify="right")
    for name, own in figures.items():
        cells = []
        for target in ("person", "part"):
            for kind, rivals in (("", ("map", "blob", "random")), (" pointed at", ("map", "blob"))):
                shares = [own.get(f"{target}{kind}, {rival}") for rival in rivals]
                cells.append(
                    "-" if None in shares else " / ".join(f"{value:.0%}" for value in shares if value is not None)
                )
        effect = "probability" if "probability, map" in own else "distance"
        cells.append(" / ".join(f"{own[f'{effect}, {what}']:.3f}" for what in ("map", "elsewhere")))
        table.add_row(name.removeprefix("attribute/"), *cells)
    return table


if __name__ == "__main__":
    run(lambda: typer.run(main))
