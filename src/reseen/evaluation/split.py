"""A model on a data set: embed query and gallery, rank, score attributes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from reseen.data.attribute_forms import convert_probabilities
from reseen.data.attributes import AttributeSchema
from reseen.data.person import PersonImage, Split
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation.attribute_folds import average_attributes
from reseen.evaluation.attributes import AttributeReport, attribute_accuracy, predicted_columns
from reseen.evaluation.protocols import evaluate, multiple_query
from reseen.evaluation.ranking import APForm, RankingReport, average_reports
from reseen.evaluation.report import EvaluationReport
from reseen.evaluation.reranking import ReRanking
from reseen.models.embedder import Embedder
from reseen.progress import Bars, silent

OWN_FOLDS = "each scored by a model that was trained on the fold's own training part"
"""Note on a mean over folds that were trained one by one."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The report and the descriptors it was made from.

    Attributes:
        report: The figures.
        query: The queries' descriptors; None where the data set has no queries.
        gallery: The gallery's descriptors.
    """

    report: EvaluationReport
    query: Embeddings | None
    gallery: Embeddings


def evaluate_split(
    embedder: Embedder,
    split: Split,
    *,
    batch_size: int = 128,
    average_precision: APForm = "hits",
    reranking: ReRanking | None = None,
    with_multiple_query: bool = False,
    features: Sequence[str] = (),
    max_corrupt: int = 0,
    bars: Bars = silent,
) -> Evaluation:
    """Evaluates a model by a data set's own protocol.

    Args:
        embedder: The model.
        split: The data set; its training images are not touched.
        batch_size: Images a forward pass.
        average_precision: Form of AP.
        reranking: Report figures after this re-ranking as well.
        with_multiple_query: Report figures with pooled queries as well; each query is pooled with the
            gallery's images of its person under its camera.
        features: Names of the features to compare by instead of the whole descriptor, such as ``global``.
        max_corrupt: Undecodable images that may be left out of query and gallery each.
        bars: Shows how far each stretch of the work has come.

    Raises:
        ReseenError: If there is nothing to evaluate, or no such feature.
    """
    if not split.gallery:
        raise ReseenError(f"{split.name} has no gallery (test images) here; give the folder that holds them")

    if not split.query and (reranking is not None or with_multiple_query):
        raise ReseenError(f"{split.name} has no queries: leave out re-ranking and multiple query")
    if features:
        embedder.embed([]).feature(*features)  # one that is not there is told before anything is embedded

    def embed(images: Sequence[PersonImage], title: str) -> Embeddings:
        with bars(title) as report:
            embedded = embedder.embed(
                images, batch_size=batch_size, max_corrupt=max_corrupt, cache=True, progress=report
            )
        return embedded.feature(*features) if features else embedded

    gallery = embed(split.gallery, "embedding gallery")
    query = embed(split.query, "embedding queries") if split.query else None
    ranking = reranked = pooled = None
    if query is not None:
        ranking = evaluate(query, gallery, split.protocol, average_precision=average_precision)
        if with_multiple_query:
            several = multiple_query(query, gallery)
            pooled = evaluate(several, gallery, split.protocol, average_precision=average_precision)
        if reranking is not None:
            reranked = evaluate(
                query, gallery, split.protocol, average_precision=average_precision, reranking=reranking
            )
    report = EvaluationReport(
        dataset=split.name,
        ranking=ranking,
        multiple_query=pooled,
        reranked=reranked,
        attributes=_attributes(embedder, split, gallery),
        protocol=split.protocol,
        notes=split.notes,
        counts={"queries": 0 if query is None else len(query), "gallery images": len(gallery)},
    )
    return Evaluation(report, query, gallery)


def average_folds(reports: Sequence[EvaluationReport], note: str = "") -> EvaluationReport:
    """Returns the mean of several folds (VIPeR's ten halves, CUHK03's twenty splits, PETA's five).

    Args:
        reports: One report a fold; a single one is its own mean.
        note: What a reader has to know of the models the folds were scored by.
    """

    def average(name: str) -> RankingReport | None:
        rankings = [getattr(report, name) for report in reports]
        return None if None in rankings else average_reports(rankings)

    first = reports[0]
    if len(reports) == 1:
        return first
    attributes = [report.attributes for report in reports if report.attributes is not None]
    common = [note for note in first.notes if all(note in report.notes for report in reports)]
    return EvaluationReport(
        dataset=first.dataset,
        ranking=average("ranking"),
        multiple_query=average("multiple_query"),
        reranked=average("reranked"),
        attributes=average_attributes(attributes) if len(attributes) == len(reports) else None,
        protocol=first.protocol,
        notes=(*common, f"mean over {len(reports)} folds" + (f"; {note}" if note else "")),
        counts={f"{name} a fold": count for name, count in first.counts.items()},
    )


def _attributes(embedder: Embedder, split: Split, gallery: Embeddings) -> AttributeReport | None:
    """Accuracy over labelled gallery images, of the attributes that model and data set share."""
    if embedder.schema is None or split.schema is None or gallery.attributes is None or gallery.paths is None:
        return None
    told = convert_probabilities(gallery.attributes, embedder.schema, split.schema)
    shared = tuple(attribute for attribute in split.schema if attribute.name in told)
    if not shared:
        return None
    if len(shared) < len(split.schema):
        warnings.warn(
            f"scoring {len(shared)} of the {len(split.schema)} attributes of {split.name}: "
            "the model predicts no others",
            ReseenWarning,
            stacklevel=3,
        )
    schema = AttributeSchema(split.schema.name, shared)
    images = {image.name: image for image in split.gallery}
    labels = schema.encode([images[path].attributes for path in gallery.paths])
    labelled = (labels >= 0).any(1)
    if not labelled.any():
        return None
    predicted, one_by_one = predicted_columns(gallery.attributes, embedder.schema, schema)
    return attribute_accuracy(predicted[labelled], labels[labelled], schema, one_by_one=one_by_one[labelled])
