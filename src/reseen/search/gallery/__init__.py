"""A gallery that is kept: added to, searched by picture and description, and deleted from for good."""

from reseen.search.gallery.gallery import Gallery
from reseen.search.gallery.results import Results

__all__ = ["Gallery", "Results"]
