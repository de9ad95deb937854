"""Makes the pictures in docs/assets: rendered persons, their labels, and what a trained model finds and sees in them.

Run from the repository: ``.venv/bin/python docs/pictures.py runs/aanet50-rendered/last``
No photograph goes in, so none comes out.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import reseen
from reseen.data.images.reference import image_of
from reseen.data.sets.rendered.labels import Part
from reseen.data.skeleton import COCO18
from reseen.explain.drawing.crops import crops_sheet
from reseen.explain.drawing.saving import save_figure, save_picture
from reseen.explain.explanation import explain
from reseen.search import search
from reseen.search.picture import matches_picture
from reseen.world import RenderConfig, render
from reseen.world.world import Shot, World

ASSETS = Path(__file__).resolve().parent / "assets"
SEED = 5
QUERY = 3


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} CHECKPOINT")
    model = reseen.load(sys.argv[1])
    ASSETS.mkdir(exist_ok=True)
    _grid(60, columns=15, size=(128, 64), what=lambda shot: [shot.pixels]).save(ASSETS / "rendered.png")
    _grid(5, columns=5, size=(256, 128), what=_labelled).save(ASSETS / "rendered-labels.png")
    with tempfile.TemporaryDirectory() as folder:
        render(folder, RenderConfig(persons=40, cameras=8, cameras_per_person=4, images_per_camera=2, seed=SEED))
        split = reseen.open_split("rendered", folder, keypoints=True)
        save_picture(crops_sheet(split.gallery[:64:8], height=192), ASSETS / "crops.webp")
        query, gallery = model.embed(split.query, cache=False), model.embed(split.gallery, cache=False)
        assert query.paths is not None
        person = image_of(query.paths[QUERY])
        own = (person.pid, person.camid)
        matches = search(gallery, query[[QUERY]], schema=model.schema, top=8, exclude=own)
        picture = matches_picture(matches, person, schema=model.schema, query_pid=person.pid)
        save_picture(picture, ASSETS / "search.png")
        save_figure(explain(model, person).figure, ASSETS / "explain.png")


def _grid(
    count: int, *, columns: int, size: tuple[int, int], what: Callable[[Shot], list[NDArray[np.uint8]]]
) -> Image.Image:
    """Lays pictures of different persons by different cameras beside each other."""
    world = World(RenderConfig(persons=count, seed=SEED, cameras=20, cameras_per_person=20, test_share=0))
    tiles = [tile for pid in range(1, count + 1) for tile in what(world.shot(pid, 1 + pid % 20, 0, size))]
    columns *= len(tiles) // count
    gap, (height, width) = 3, size
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), "white")
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        sheet.paste(Image.fromarray(tile), (gap + column * (width + gap), gap + row * (height + gap)))
    return sheet


def _labelled(shot: Shot) -> list[NDArray[np.uint8]]:
    """The picture, and beside it its mask and joints."""
    colours = (np.array(colormaps["tab20"](np.arange(len(Part)))[:, :3]) * 255).astype(np.uint8)
    mask = np.where(shot.parts[..., None] > 0, colours[shot.parts], (shot.pixels * 0.35).astype(np.uint8))
    drawn = Image.fromarray(mask.astype(np.uint8))
    pen = ImageDraw.Draw(drawn)
    for first, second in COCO18.limbs:
        ends = shot.keypoints[[first, second]]
        if (ends[:, 2] > 0).all():
            pen.line([tuple(end[:2]) for end in ends], fill="white", width=2)
    for x, y, state in shot.keypoints:
        if state > 0:
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill="white" if state == 2 else "black", outline="white")
    return [shot.pixels, np.asarray(drawn)]


if __name__ == "__main__":
    main()
