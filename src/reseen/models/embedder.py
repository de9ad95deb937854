"""A trained system with everything it needs to turn pictures into descriptors, attributes and maps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.data.images.cache import CachedImages, cached_images, decode
from reseen.data.images.keypoints import keypoints_of
from reseen.data.images.preparation import blank, largest, mirrored, prepare
from reseen.data.images.size import Size
from reseen.data.person import UNKNOWN_PID, PersonImage
from reseen.descriptors.calibration import Calibration
from reseen.descriptors.distance import Distance, Euclidean
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.models.backend import Arrays, Backend, Precision, TorchBackend
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
        persons = [as_person_image(image, row) for row, image in enumerate(images)]
        with TemporaryDirectory(prefix="reseen-") as passing:
            cached = cached_images(
                persons,
                self._decoded_size,
                max_corrupt=max_corrupt,
                directory=None if cache else Path(passing),
                progress=progress,
            )
            return self._embed_cached(cached, batch_size, progress)

    def _embed_cached(self, cached: CachedImages, batch_size: int, progress: Progress | None) -> Embeddings:
        persons = cached.images
        keypoints = keypoints_of(persons, cached.sizes, self._decoded_size)
        # Without any picture, one of nothing tells how wide everything would be.
        arrays = [] if persons else [self._run(self._blank()).first(0)]
        for start in range(0, len(persons), batch_size):
            rows = slice(start, start + batch_size)
            pixels = torch.from_numpy(np.array(cached.pixels[rows]))
            arrays.append(self._run(self._prepare(pixels, None if keypoints is None else keypoints[rows])))
            if progress:
                progress(min(start + batch_size, len(persons)), len(persons))
        whole = Arrays.join(arrays)
        return Embeddings(
            self._finish(np.concatenate(list(whole.features.values()), axis=1)),
            np.array([person.pid for person in persons], dtype=np.int64),
            np.array([person.camid for person in persons], dtype=np.int64),
            whole.attributes or None,
            [person.name for person in persons],
            model=self.digest,
            parts={name: values.shape[1] for name, values in whole.features.items()},
            distance=self.distance,
        )

    def describe(self, picture: Image.Image | PersonImage | Path | str) -> PersonOutput:
        """Returns the full output (maps, logits, descriptor) for one picture, as a batch of one.

        Raises:
            ReseenError: If the picture cannot be decoded, or the backend is not PyTorch: others give descriptors and
                attributes alone.
        """
        backend = self._torch()
        keypoints = None
        if isinstance(picture, Image.Image):
            height, width = self._decoded_size
            pixels = np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))
        else:
            person = as_person_image(picture, 0)
            pixels, own = decode(person, self._decoded_size)
            keypoints = keypoints_of([person], [own], self._decoded_size)
        return backend.forward(self._prepare(torch.from_numpy(pixels.copy())[None], keypoints))

    @property
    def _decoded_size(self) -> tuple[int, int]:
        return largest(self.config.size, self.backend.extra_sizes)

    def _prepare(self, pixels: Tensor, keypoints: Tensor | None) -> PersonBatch:
        return prepare(
            pixels.to(self.device),
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

    def _torch(self) -> TorchBackend:
        if not isinstance(self.backend, TorchBackend):
            raise ReseenError(
                f"{type(self.backend).__name__} gives descriptors and attributes alone: load the checkpoint itself"
            )
        return self.backend


def as_person_image(image: PersonImage | Path | str, row: int) -> PersonImage:
    """Wraps a bare path: person unknown, and a camera of its own, so that nothing is dropped from a ranking."""
    return image if isinstance(image, PersonImage) else PersonImage(Path(image), UNKNOWN_PID, row)
