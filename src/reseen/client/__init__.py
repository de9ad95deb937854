"""A typed client of a served gallery (`reseen serve`): what the pages do, from Python."""

from __future__ import annotations

from reseen.client.client import Client, Picture

__all__ = ["Client", "Picture"]
