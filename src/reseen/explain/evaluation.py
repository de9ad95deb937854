"""The pictures of an evaluation: the CMC curve and the queries that went worst."""

from __future__ import annotations

from pathlib import Path

from reseen.checkpoint_files import WORST
from reseen.data.images.reference import image_of
from reseen.descriptors.embeddings import Embeddings
from reseen.evaluation import EvaluationReport
from reseen.explain.drawing.curves import cmc_figure
from reseen.explain.drawing.saving import save_figure, save_picture
from reseen.explain.worst import find_failures, worst_queries, worst_queries_picture


def draw_evaluation(
    report: EvaluationReport, query: Embeddings | None, gallery: Embeddings, folder: Path
) -> list[Path]:
    """Writes ``cmc.png`` and ``worst.png`` into a folder.

    Args:
        report: The figures.
        query: The queries, with paths.
        gallery: The gallery, with paths.
        folder: Where to.

    Returns:
        The files written; none for a data set without queries.
    """
    if query is None or report.ranking is None or query.paths is None or gallery.paths is None:
        return []
    rankings = {"single query": report.ranking, "multiple query": report.multiple_query, "re-ranked": report.reranked}
    shown = {name: ranking for name, ranking in rankings.items() if ranking is not None}
    curve = folder / "cmc.png"
    save_figure(
        cmc_figure(
            {name: ranking.cmc for name, ranking in shown.items()},
            mean_ap={name: ranking.mAP for name, ranking in shown.items()},
        ),
        curve,
    )
    rows = worst_queries(report.ranking.average_precision)
    query_paths, gallery_paths = query.paths, gallery.paths
    picture = worst_queries_picture(
        query,
        gallery,
        report.ranking.average_precision,
        find_failures(query, gallery, rows),
        lambda row: image_of(query_paths[row]).open(),
        lambda row: image_of(gallery_paths[row]).open(),
    )
    save_picture(picture, folder / WORST)
    return [curve, folder / WORST]
