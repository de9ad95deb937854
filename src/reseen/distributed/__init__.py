"""The embedder on many machines: pictures wherever they lie, a stage that Ray runs, and the gallery they end in."""

from reseen.distributed.engine import Added, Cluster, embed_on_ray
from reseen.distributed.listing import list_pictures
from reseen.distributed.stage import Work

__all__ = ["Added", "Cluster", "Work", "embed_on_ray", "list_pictures"]
