"""Makes the pictures in docs/assets: a model trained on drawn persons, searched and explained.

Run from the repository: ``.venv/bin/python docs/pictures.py --weights resnet50_imagenet_v1.safetensors``
(a few minutes on two CPU cores). No photograph goes in, so none comes out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reseen.data.reference import image_of
from reseen.explain.explanation import explain
from reseen.explain.saving import save_figure, save_picture
from reseen.search import search
from reseen.search.picture import matches_picture
from reseen.training.fit import Run
from reseen.training.recipe import Recipe, recipe_from
from tests.drawn import write_market

ASSETS = Path(__file__).resolve().parent / "assets"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="ImageNet ResNet-50, v1")
    parser.add_argument("--persons", type=int, default=80)
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = write_market(Path(folder) / "market", persons=options.persons, cameras=4, images_per_camera=3)
        run = Run(recipe(root, options.weights, options.epochs), Path(folder) / "run", console=Console())
        report = run.train()
        assert report is not None
        assert run.evaluation is not None
        assert run.evaluation.query is not None
        Console().print(report.table())
        embedder, query, gallery = run.embedder(), run.evaluation.query, run.evaluation.gallery
        assert query.paths is not None
        row = 2
        person = image_of(query.paths[row])
        matches = search(
            gallery, query.features[row], schema=embedder.schema, top=8, exclude=(person.pid, person.camid)
        )
        picture = matches_picture(matches, person, schema=embedder.schema, query_pid=person.pid)
        save_picture(picture, ASSETS / "search.png")
        save_figure(explain(embedder, person).figure, ASSETS / "explain.png")


def recipe(root: Path, weights: str, epochs: int) -> Recipe:
    return recipe_from(
        {
            "name": "drawn",
            "data": {"name": "market1501", "root": str(root), "size": [192, 64]},
            "model": {"system": "aanet", "stride_in": "conv1", "neck": "bnneck"},
            "weights": weights,
            "phases": [
                {
                    "epochs": epochs,
                    "sampler": {"kind": "identities", "persons": 16, "images_per_person": 4},
                    "objective": {"label_smoothing": 0.1, "triplet_margin": 0.3, "weights": {"part": 0.25}},
                    "optimizer": {"name": "adam", "lr": 3.5e-4},
                    "schedule": {"name": "cosine", "warmup": 0.5},
                    "augmentation": {"flip": 0.5, "pad_crop": 8},
                }
            ],
            "evaluation": {"normalize": True},
        },
        "docs/pictures.py",
    )


if __name__ == "__main__":
    main()
