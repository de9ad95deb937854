"""Person re-identification that explains itself."""

from importlib.metadata import PackageNotFoundError, version

from reseen.data.attributes import AttributeSchema
from reseen.data.embeddings import Embeddings
from reseen.data.person import PersonImage, Split
from reseen.errors import ReseenError, ReseenWarning
from reseen.models.checkpoint import load
from reseen.models.embedder import Embedder

try:
    __version__ = version("reseen")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0.1.0"

__all__ = [
    "AttributeSchema",
    "Embedder",
    "Embeddings",
    "PersonImage",
    "ReseenError",
    "ReseenWarning",
    "Split",
    "__version__",
    "load",
]
