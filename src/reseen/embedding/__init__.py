"""From a place, as a user names it, to descriptors."""

from reseen.embedding.place import Place, open_place

__all__ = ["Place", "open_place"]
