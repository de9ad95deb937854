"""Makes the pictures in docs/assets: drawn persons, searched and explained by a trained model.

Run from the repository: ``.venv/bin/python docs/pictures.py runs/aanet50-market1501-quick/last``
No photograph goes in, so none comes out.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import reseen
from reseen.data.reference import image_of
from reseen.explain.explanation import explain
from reseen.explain.saving import save_figure, save_picture
from reseen.search import search
from reseen.search.picture import matches_picture
from tests.drawn import write_market

ASSETS = Path(__file__).resolve().parent / "assets"
QUERY = 9


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} CHECKPOINT")
    model = reseen.load(sys.argv[1])
    ASSETS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = write_market(Path(folder), persons=24, cameras=4, images_per_camera=2)
        split = reseen.open_split("market1501", root)
        query, gallery = model.embed(split.query, cache=False), model.embed(split.gallery, cache=False)
        assert query.paths is not None
        person = image_of(query.paths[QUERY])
        own = (person.pid, person.camid)
        matches = search(gallery, query.features[QUERY], schema=model.schema, top=8, exclude=own)
        picture = matches_picture(matches, person, schema=model.schema, query_pid=person.pid)
        save_picture(picture, ASSETS / "search.png")
        save_figure(explain(model, person).figure, ASSETS / "explain.png")


if __name__ == "__main__":
    main()
