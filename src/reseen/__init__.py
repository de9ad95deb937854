"""Person re-identification that explains itself."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reseen.data import open_split
    from reseen.data.attributes import AttributeSchema
    from reseen.data.person import PersonImage, Split
    from reseen.descriptors.embeddings import Embeddings
    from reseen.errors import ReseenError, ReseenWarning
    from reseen.evaluation.ranking import rank
    from reseen.models.checkpoint import load
    from reseen.models.embedder import Embedder
    from reseen.search.gallery import Gallery

try:
    __version__ = version("reseen")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0.1.0"

# Imported on first use: `reseen --help` should not wait seconds for torch.
_HOME = {
    "AttributeSchema": "reseen.data.attributes",
    "Embedder": "reseen.models.embedder",
    "Embeddings": "reseen.descriptors.embeddings",
    "Gallery": "reseen.search.gallery",
    "PersonImage": "reseen.data.person",
    "ReseenError": "reseen.errors",
    "ReseenWarning": "reseen.errors",
    "Split": "reseen.data.person",
    "load": "reseen.models.checkpoint",
    "open_split": "reseen.data",
    "rank": "reseen.evaluation.ranking",
}

__all__ = [
    "AttributeSchema",
    "Embedder",
    "Embeddings",
    "Gallery",
    "PersonImage",
    "ReseenError",
    "ReseenWarning",
    "Split",
    "__version__",
    "load",
    "open_split",
    "rank",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'reseen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
