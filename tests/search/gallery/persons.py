"""Made-up persons for galleries: descriptors, attributes, cameras and times."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reseen import Gallery
from reseen.descriptors.calibration import Calibration, Curve
from reseen.descriptors.embeddings import Embeddings
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.keeping.store import Store

CALIBRATION = Calibration(
    model="m1", method="platt", source="nobody", persons=9, pairs=99, expected=1, error=0.01,
    curve=Curve(distances=(0, 10), ratios=(10, -10)), cameras={"2-5": Curve(distances=(0,), ratios=(-3,))},
)  # fmt: skip
"""Of the model that `persons` are of."""


def persons(count: int, *, seed: int = 0, width: int = 16, model: str = "m1", prefix: str = "crops") -> Embeddings:
    """Returns random descriptors; row i is camera i % 7's, of person i % 50, and has a gender, a hat and a colour."""
    rng = np.random.default_rng(seed)
    color = rng.dirichlet(np.full(8, 0.4), size=count).astype(np.float32)
    male, hat = rng.random((2, count)).astype(np.float32)
    return Embeddings(
        rng.normal(size=(count, width)),
        np.arange(count) % 50,
        np.arange(count) % 7,
        {
            "gender": np.stack([male, 1 - male], axis=1),
            "hat": np.stack([1 - hat, hat], axis=1),
            "upper_color": color,
        },
        [f"{prefix}/{row:06}.jpg" for row in range(count)],
        model,
    )


def by_hand(gallery: Embeddings, query: np.ndarray, mask: np.ndarray, top: int) -> list[str]:
    """Returns the paths of the nearest rows among some, by the definition."""
    distances = np.linalg.norm(gallery.features.astype(np.float64) - query, axis=1)
    order = [row for row in np.argsort(distances, kind="stable") if mask[row]]
    assert gallery.paths is not None
    return [gallery.paths[row] for row in order[:top]]


def png(seed: int) -> bytes:
    """Returns an encoded picture of noise, unlike every other seed's."""
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, size=(24, 12, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


def kill_while_deleting(gallery: Gallery, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deletes a row, and stops once it is marked, before anything is written anew."""

    def killed(store: Store) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_through", killed)
        with pytest.raises(KeyboardInterrupt):
            gallery.delete(paths=path)
