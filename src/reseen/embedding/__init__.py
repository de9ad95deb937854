"""From a place, as a user names it, to descriptors."""

from reseen.embedding.place import Place, open_place
from reseen.embedding.writing import Written, write_embeddings

__all__ = ["Place", "Written", "open_place", "write_embeddings"]
