"""The rendered world: persons who do not exist, before cameras that do not exist, rendered on demand.

`render` writes a data set into a folder; `reseen.data.sets.rendered` says what such a folder holds and reads it.
"""

from reseen.data.sets.rendered.config import RenderConfig
from reseen.world.dataset import preparation, render

__all__ = ["RenderConfig", "preparation", "render"]
