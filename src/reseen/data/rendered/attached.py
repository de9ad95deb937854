"""Everything worn or carried besides clothes and hair."""

from reseen.data.rendered.bags import backpack, handbag, shoulder_bag
from reseen.data.rendered.hats import glasses, hat
from reseen.data.rendered.shoes import shoes

__all__ = ["backpack", "glasses", "handbag", "hat", "shoes", "shoulder_bag"]
