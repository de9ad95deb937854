"""A gallery that is kept: added to, searched by picture and description, and deleted from for good."""

from reseen.search.gallery.finding.results import Results
from reseen.search.gallery.gallery import Gallery

__all__ = ["Gallery", "Results"]
