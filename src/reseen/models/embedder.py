"""A trained system with everything it needs to turn pictures into descriptors, attributes and maps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.data.images.cache import cached_images, decode
from reseen.data.images.size import Size
from reseen.data.images.transforms import normalize, to_float
from reseen.data.person import UNKNOWN_PID, PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.models.output import PersonOutput
from reseen.models.precision import runs_bfloat16
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
    precision: Literal["float32", "bfloat16"] = "float32"


class Embedder:
    """Turns pictures into `Embeddings`; what `reseen.load` returns.

    Args:
        model: Any system; it stays in the mode, training or not, that it is in.
        config: How pictures are prepared.
    """

    def __init__(self, model: nn.Module, config: EmbedderConfig) -> None:
        self.model = model
        self.config = config

    @property
    def schema(self) -> AttributeSchema | None:
        """The attributes the system predicts, or None."""
        schema = getattr(self.model.config, "attributes", None)
        return schema if isinstance(schema, AttributeSchema) else None

    @property
    def digest(self) -> str:
        """Tells this model, and how it prepares pictures, from every other one: descriptors of two never meet.

        On whatever device and in whatever number format it runs, it is the same model.
        """
        digest = hashlib.sha256(self.config.model_dump_json(exclude={"precision"}).encode())
        for name, tensor in self.model.state_dict().items():
            digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def to(self, device: str | torch.device) -> Embedder:
        """Moves the system to a device and returns itself."""
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
                self.config.size,
                max_corrupt=max_corrupt,
                directory=None if cache else Path(passing),
                progress=progress,
            )
            return self._embed_pixels(cached.images, cached.pixels, batch_size, progress)

    def _embed_pixels(
        self,
        persons: Sequence[PersonImage],
        pixels: NDArray[np.uint8],
        batch_size: int,
        progress: Progress | None,
    ) -> Embeddings:
        features: list[NDArray[np.float32]] = []
        attributes: dict[str, list[NDArray[np.float32]]] = {}
        parts: dict[str, int] = {}
        for start in range(0, len(persons), batch_size):
            batch = torch.from_numpy(np.array(pixels[start : start + batch_size])).to(self.device)
            embedding, probabilities, parts = self._embed_batch(batch)
            features.append(embedding)
            for name, table in probabilities.items():
                attributes.setdefault(name, []).append(table)
            if progress:
                progress(min(start + batch_size, len(persons)), len(persons))
        return Embeddings(
            np.concatenate(features) if features else np.zeros((0, 1), np.float32),
            np.array([person.pid for person in persons], dtype=np.int64),
            np.array([person.camid for person in persons], dtype=np.int64),
            {name: np.concatenate(tables) for name, tables in attributes.items()} or None,
            [person.name for person in persons],
            model=self.digest,
            parts=parts,
        )

    def describe(self, picture: Image.Image | PersonImage | Path | str) -> PersonOutput:
        """Returns the full output (maps, logits, descriptor) for one picture, as a batch of one."""
        if isinstance(picture, Image.Image):
            height, width = self.config.size
            pixels = np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))
        else:
            pixels = decode(as_person_image(picture, 0), self.config.size)
        return self._forward(to_float(torch.from_numpy(pixels.copy())[None].to(self.device), self.config.size))

    def _forward(self, images: Tensor) -> PersonOutput:
        low = self.config.precision == "bfloat16" and runs_bfloat16(self.device)
        autocast = torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=low)
        with evaluating(self.model), torch.inference_mode(), autocast:
            output = self.model(PersonBatch(normalize(images)))
        assert isinstance(output, PersonOutput)
        return output

    def _embed_batch(
        self, pixels: Tensor
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]], dict[str, int]]:
        """uint8 (B, H, W, 3) to descriptors (B, D), probabilities (B, classes) by attribute, and features' widths."""
        images = to_float(pixels, self.config.size)
        outputs = [self._forward(view) for view in ([images, images.flip(-1)] if self.config.flip else [images])]
        embedding = torch.stack([output.embedding.float() for output in outputs]).mean(0)
        if self.config.normalize:
            embedding = nn.functional.normalize(embedding)
        probabilities = {
            name: torch.stack([output.attribute_logits[name].float().softmax(1) for output in outputs]).mean(0)
            for name in outputs[0].attribute_logits
        }
        parts = {name: outputs[0].features[name].shape[1] for name in outputs[0].descriptor}
        return embedding.cpu().numpy(), {name: table.cpu().numpy() for name, table in probabilities.items()}, parts


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Puts a model into eval mode and each of its modules back into the mode it was found in."""
    trained = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in trained:
            module.training = True  # not train(): that would wake frozen parts below it


def as_person_image(image: PersonImage | Path | str, row: int) -> PersonImage:
    """Wraps a bare path: person unknown, and a camera of its own, so that nothing is dropped from a ranking."""
    return image if isinstance(image, PersonImage) else PersonImage(Path(image), UNKNOWN_PID, row)
