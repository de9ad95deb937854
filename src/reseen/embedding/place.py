"""A folder, a zip, a table of images or a file of descriptors: whatever it is, descriptors come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reseen.data import open_split, recognise
from reseen.data.images.source import open_folder
from reseen.data.person import UNKNOWN_CAMERA, UNKNOWN_PID, PersonImage
from reseen.data.sets.table import TABLE_SUFFIXES, notes_on
from reseen.descriptors.embeddings import Embeddings
from reseen.embedding.writing import Written, write_embeddings
from reseen.errors import ReseenError
from reseen.progress import Bars, silent

if TYPE_CHECKING:  # a place is looked at before PyTorch is imported
    from reseen.models.embedder import Embedder

_TITLE = "embedding images"


@dataclass(frozen=True, eq=False)
class Place:
    """What a user means by a path: pictures still to embed, or their stored descriptors.

    Attributes:
        path: The path.
        images: The pictures; empty where there are descriptors.
        stored: The descriptors, or None.
        chosen: What was chosen, where that is not plain from the path, and what has to be said about it.
    """

    path: Path
    images: tuple[PersonImage, ...] = ()
    stored: Embeddings | None = None
    chosen: str = ""

    @property
    def note(self) -> str:
        """What a user should know of it."""
        return self.chosen or "\n".join(notes_on(self.images))

    def by_camera(self, camera: int | str) -> Place:
        """Returns the same pictures or descriptors, all of one camera, whatever their names say.

        Args:
            camera: Its number, or its name.
        """
        number, name = (UNKNOWN_CAMERA, camera) if isinstance(camera, str) else (camera, "")
        if self.stored is None:
            images = tuple(replace(image, camid=number, camera_name=name) for image in self.images)
            return replace(self, images=images)
        camids, names = np.full_like(self.stored.camids, number), [name] * len(self.stored)
        return replace(self, stored=replace(self.stored, camids=camids, camera_names=names if name else None))

    def embeddings(
        self, embedder: Embedder, *, batch_size: int = 128, max_corrupt: int = 0, bars: Bars = silent
    ) -> Embeddings:
        """Returns the descriptors a model gives the pictures: the stored ones, or new ones.

        Args:
            embedder: The model.
            batch_size: Pictures a forward pass.
            max_corrupt: How many undecodable pictures may be left out.
            bars: Shows how far the work has come.

        Raises:
            ReseenError: If the stored ones are another model's, or too many pictures cannot be decoded.
        """
        if self.stored is None:
            with bars(_TITLE) as progress:
                return embedder.embed(self.images, batch_size=batch_size, max_corrupt=max_corrupt, progress=progress)
        return self._own(self.stored, embedder)

    def write(
        self, file: Path, embedder: Embedder, *, batch_size: int = 128, max_corrupt: int = 0, bars: Bars = silent
    ) -> Written:
        """Writes the descriptors a model gives the pictures into a file; see `write_embeddings`.

        Args:
            file: The Parquet file.
            embedder: The model.
            batch_size: Pictures a forward pass.
            max_corrupt: How many undecodable pictures may be left out.
            bars: Shows how far the work has come.

        Raises:
            ReseenError: As `embeddings` and `write_embeddings`.
        """
        if self.stored is None:
            with bars(_TITLE) as progress:
                return write_embeddings(
                    embedder, self.images, file, batch_size=batch_size, max_corrupt=max_corrupt, progress=progress
                )
        stored = self._own(self.stored, embedder)
        stored.save(file)
        return Written(len(stored), stored.features.shape[1], before=len(stored))

    def _own(self, stored: Embeddings, embedder: Embedder) -> Embeddings:
        made, ours = stored.model, embedder.digest
        if made and made != ours:
            raise ReseenError(
                f"{self.path} was made by another model ({made[:12]}) than this one ({ours[:12]}): "
                "make it again with reseen embed"
            )
        return stored


def open_place(path: Path) -> Place:
    """Looks at what a user named.

    Pictures lying right there are what is meant, even if the folder is part of a data set; of a data set it is the
    gallery without junk; of a table every row.

    Raises:
        ReseenError: If it does not exist, cannot be read, or has no pictures.
    """
    if path.is_file() and path.suffix == ".parquet" and Embeddings.is_one(path):
        return Place(path, stored=Embeddings.load(path))
    lies_here = path.suffix in TABLE_SUFFIXES or open_folder(path).images()
    name = "table" if lies_here else recognise(path)
    split = open_split(name, path)
    if name == "table":
        images = tuple(image for part in split.parts().values() for image in part)
        chosen = ""
    else:
        images = tuple(image for image in split.gallery if image.pid != UNKNOWN_PID)
        chosen = "\n".join((f"{name}: its gallery, {len(images):,} images without junk", *split.notes))
    if not images:
        raise ReseenError(f"{path} has no gallery images; name a folder of pictures")
    return Place(path, images, chosen=chosen)
