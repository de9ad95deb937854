"""torchvision's detectors, from weights in a file."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import torch
from torchvision import models

from reseen.errors import ReseenError, nearest, one_line
from reseen.ingest.people import People, Pixels

_PERSON = 1
"""COCO's class, in the numbering of torchvision's weights."""
_LEAST = 0.1


class TorchvisionBoxes:
    """A detector that torchvision knows, with weights trained on COCO.

    Args:
        path: Its weights. The file's name begins with the architecture's, as those have that torchvision publishes:
            ``fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth``.

    Raises:
        ReseenError: If the name tells no architecture, or the weights are not its.
    """

    def __init__(self, path: Path) -> None:
        known = models.list_models(models.detection)
        fitting = [name for name in known if path.name.startswith(name)]
        if not fitting:
            raise ReseenError(
                f"{path} is none of torchvision's detectors by its name{nearest(path.stem, known)}; begin the file's "
                f"name with the architecture's, such as {known[0]}"
            )
        architecture = max(fitting, key=len)
        self._model = models.get_model(architecture, weights=None, weights_backbone=None).eval()
        try:
            self._model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        except (RuntimeError, OSError, EOFError, TypeError, AttributeError, pickle.UnpicklingError) as error:
            raise ReseenError(f"{path} has no weights of {architecture}: {one_line(error)}") from error
        with path.open("rb") as file:
            self.name = f"{architecture} {hashlib.file_digest(file, 'sha256').hexdigest()[:8]}"

    @torch.inference_mode()
    def detect(self, picture: Pixels) -> People:
        pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255
        (found,) = self._model([pixels])
        people = People.of(found["boxes"].numpy(), found["scores"].numpy())
        return people[found["labels"].numpy() == _PERSON].sure(_LEAST).inside(picture)
