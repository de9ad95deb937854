"""A trained system with everything it needs to turn pictures into descriptors, attributes and maps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.data.images.cache import cached_images
from reseen.data.images.decoding import Skipped, decode, decode_all
from reseen.data.images.keypoints import any_keypoints, keypoints_of
from reseen.data.images.preparation import blank, largest, mirrored, prepare
from reseen.data.images.resident import resident, sent
from reseen.data.images.size import Size
from reseen.data.person import PersonImage, origins_of
from reseen.descriptors.calibration import Calibration
from reseen.descriptors.distance import Distance, Euclidean
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.models.backends.backend import Arrays, Backend, Precision, TorchBackend
from reseen.models.output import PersonOutput
from reseen.progress import Progress


class EmbedderConfig(BaseModel):
    """How pictures are prepared and descriptors are finished.

    Attributes:
        size: (H, W) the system was trained for.
        flip: Average the descriptors of the picture and its mirror image.
        normalize: Scale descriptors to length 1, so that Euclidean distance ranks as cosine distance.
        precision: Number format of the forward pass; bfloat16 only on devices that compute in it themselves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Size = (384, 128)
    flip: bool = True
    normalize: bool = False
    precision: Precision = "float32"


class Embedder:
    """Turns pictures into `Embeddings`; what `reseen.load` returns.

    It prepares the pictures, a backend runs the system on them, and what comes out is averaged and put together here,
    so that all backends give the same.

    Args:
        model: Any system, or a backend that runs one.
        config: How pictures are prepared.
        distance: What its descriptors are to be compared by; plain Euclidean distance by default.

    Attributes:
        calibration: How probable a distance makes it that two pictures show one person, or None if nobody knows.
    """

    calibration: Calibration | None = None

    def __init__(self, model: nn.Module | Backend, config: EmbedderConfig, distance: Distance | None = None) -> None:
        self.backend = TorchBackend(model, config.precision) if isinstance(model, nn.Module) else model
        self.config = config
        self.distance = distance or Euclidean()

    @property
    def model(self) -> nn.Module:
        """The system itself.

        Raises:
            ReseenError: If the backend is not PyTorch, and so has only its graph.
        """
        return self._torch().model

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes the system predicts, or None."""
        return self.backend.schema

    @property
    def digest(self) -> str:
        """Tells this model, and how it prepares pictures, from every other one: descriptors of two never meet.

        On whatever device, backend and in whatever number format it runs, it is the same model.
        """
        config = self.config.model_dump_json(exclude={"precision"})
        return hashlib.sha256(f"{config}{self.backend.digest}".encode()).hexdigest()

    def settle(self) -> None:
        """Takes the weights for final, so that `digest` is computed once and not for each call of `embed`."""
        if isinstance(self.backend, TorchBackend):
            self.backend.settle()

    @property
    def device(self) -> torch.device:
        return self.backend.device

    def to(self, device: str | torch.device) -> Embedder:
        """Moves the system to a device and returns itself.

        Raises:
            ReseenError: If the backend is not PyTorch.
        """
        self.model.to(device)
        return self

    def embed(
        self,
        images: Iterable[PersonImage | Path | str],
        *,
        batch_size: int = 128,
        max_corrupt: int = 0,
        cache: bool = False,
        progress: Progress | None = None,
    ) -> Embeddings:
        """Returns descriptors and attribute probabilities of pictures.

        Args:
            images: Person images, or paths of picture files (person id and camera then are unknown).
            batch_size: Pictures a forward pass.
            max_corrupt: How many undecodable pictures may be left out (each is counted in a warning).
            cache: Keep decoded pictures on disk for the next time; meant for data sets, not for pictures of anybody.
            progress: Told how far it has come.

        Raises:
            ReseenError: If more than ``max_corrupt`` pictures cannot be decoded.
        """
        persons = [as_person_image(image) for image in images]
        if cache:
            made = self._embed_cached(persons, batch_size, max_corrupt, progress)
        else:
            found = self.stream(persons, batch_size=batch_size, max_corrupt=max_corrupt, progress=progress)
            made = [embeddings for _, embeddings in found]
        # Without any picture, one of nothing tells how wide everything would be.
        return Embeddings.join(made or [self._embeddings([], self._run(self._blank()).first(0), self.digest)])

    def stream(
        self,
        images: Sequence[PersonImage],
        *,
        batch_size: int = 128,
        max_corrupt: int = 0,
        progress: Progress | None = None,
    ) -> Iterator[tuple[list[int], Embeddings]]:
        """Yields descriptors as they are made, a batch at a time, while the next pictures are decoded.

        However many images there are, memory holds no more than three batches of decoded pictures, and nothing is
        written to disk.

        Args:
            images: Person images.
            batch_size: Pictures a forward pass.
            max_corrupt: How many undecodable pictures may be left out (a warning at the end counts them).
            progress: Told how far it has come.

        Yields:
            Numbers of the images in the order given, and their descriptors and attribute probabilities.

        Raises:
            ReseenError: If more than ``max_corrupt`` pictures cannot be decoded.
        """
        skipped, joints, model = Skipped(max_corrupt), any_keypoints(images), self.digest
        with closing(decode_all(images, self._decoded_size, skipped, ahead=2 * batch_size)) as pictures:
            while batch := list(islice(pictures, batch_size)):
                rows = [picture.row for picture in batch]
                pixels = torch.from_numpy(np.stack([picture.pixels for picture in batch]))
                sizes = [picture.size for picture in batch]
                yield rows, self._embed_batch([images[row] for row in rows], pixels, sizes, joints, model)
                if progress:
                    progress(rows[-1] + 1, len(images))
        skipped.warn(len(images))

    def _embed_cached(
        self, images: Sequence[PersonImage], batch_size: int, max_corrupt: int, progress: Progress | None
    ) -> list[Embeddings]:
        cached = cached_images(images, self._decoded_size, max_corrupt=max_corrupt, progress=progress)
        kept, joints, model = cached.images, any_keypoints(cached.images), self.digest
        made, held = [], resident(cached.pixels, self.device)
        for start in range(0, len(kept), batch_size):
            rows = slice(start, start + batch_size)
            pixels = torch.from_numpy(np.array(cached.pixels[rows])) if held is None else held[rows]
            made.append(self._embed_batch(kept[rows], pixels, cached.sizes[rows], joints, model))
            if progress:
                progress(min(start + batch_size, len(kept)), len(kept))
        return made

    def _embed_batch(
        self, images: Sequence[PersonImage], pixels: Tensor, sizes: ArrayLike, joints: bool, model: str
    ) -> Embeddings:
        keypoints = keypoints_of(images, sizes, self._decoded_size, always=joints)
        return self._embeddings(images, self._run(self._prepare(pixels, keypoints)), model)

    def _embeddings(self, images: Sequence[PersonImage], arrays: Arrays, model: str) -> Embeddings:
        return Embeddings(
            self._finish(np.concatenate(list(arrays.features.values()), axis=1)),
            np.array([image.pid for image in images], dtype=np.int64),
            np.array([image.camid for image in images], dtype=np.int64),
            arrays.attributes or None,
            [image.name for image in images],
            model=model,
            parts={name: values.shape[1] for name, values in arrays.features.items()},
            distance=self.distance,
            schema=self.schema if arrays.attributes else None,
            **origins_of(images),
        )

    def describe(self, picture: Image.Image | PersonImage | Path | str) -> PersonOutput:
        """Returns the full output (maps, logits, descriptor) for one picture, as a batch of one.

        Raises:
            ReseenError: If the picture cannot be decoded, or the backend is not PyTorch: others give descriptors and
                attributes alone.
        """
        backend = self._torch("explain")
        keypoints = None
        if isinstance(picture, Image.Image):
            height, width = self._decoded_size
            pixels = np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))
        else:
            person = as_person_image(picture)
            pixels, own = decode(person, self._decoded_size)
            keypoints = keypoints_of([person], [own], self._decoded_size)
        return backend.forward(self._prepare(torch.from_numpy(pixels.copy())[None], keypoints))

    @property
    def _decoded_size(self) -> tuple[int, int]:
        return largest(self.config.size, self.backend.extra_sizes)

    def _prepare(self, pixels: Tensor, keypoints: Tensor | None) -> PersonBatch:
        return prepare(
            sent(pixels, self.device),
            self.config.size,
            keypoints=None if keypoints is None else keypoints.to(self.device),
            extra_sizes=self.backend.extra_sizes,
        )

    def _blank(self) -> PersonBatch:
        return blank(self.config.size, self.backend.extra_sizes, self.device)

    def _run(self, batch: PersonBatch) -> Arrays:
        """Returns what the backend gives, averaged over the pictures and their mirror images if that is wanted."""
        one = self.backend.run(batch)
        if not self.config.flip:
            return one
        other = self.backend.run(mirrored(batch))
        return one.averaged(other)

    def _finish(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self.config.normalize:
            return features
        normalized: NDArray[np.float32] = nn.functional.normalize(torch.from_numpy(features)).numpy()
        return normalized

    def _torch(self, remedy: str = "load") -> TorchBackend:
        if not isinstance(self.backend, TorchBackend):
            raise ReseenError(
                f"an exported graph gives descriptors and attributes alone; {remedy} the checkpoint it was made from"
            )
        return self.backend


def as_person_image(image: PersonImage | Path | str) -> PersonImage:
    """Wraps a bare path: person and camera unknown, so that nothing is dropped from a ranking."""
    return image if isinstance(image, PersonImage) else PersonImage(Path(image))
