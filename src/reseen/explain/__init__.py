"""Pictures that explain: heat maps, ranked lists, curves, the worst queries."""

from reseen.explain.drawing.curves import cmc_figure, training_figure
from reseen.explain.drawing.maps import explain_figure
from reseen.explain.drawing.overlay import overlay
from reseen.explain.drawing.ranked_list import RankedResult, ranked_list_picture
from reseen.explain.drawing.saving import save_figure, save_picture
from reseen.explain.worst import Failure, find_failures, worst_queries, worst_queries_picture

__all__ = [
    "Failure",
    "RankedResult",
    "cmc_figure",
    "explain_figure",
    "find_failures",
    "overlay",
    "ranked_list_picture",
    "save_figure",
    "save_picture",
    "training_figure",
    "worst_queries",
    "worst_queries_picture",
]
