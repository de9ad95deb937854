"""Evaluation: ranking, re-ranking, attributes, and how data sets want to be compared."""

from reseen.descriptors.distances import euclidean_distances
from reseen.evaluation.attribute_scores import BinaryMetrics
from reseen.evaluation.attributes import AttributeReport, attribute_accuracy, predicted_columns
from reseen.evaluation.protocols import evaluate, multiple_query
from reseen.evaluation.ranking import RankingReport, average_reports, rank
from reseen.evaluation.report import EvaluationReport
from reseen.evaluation.reranking import ReRanking

__all__ = [
    "AttributeReport",
    "BinaryMetrics",
    "EvaluationReport",
    "RankingReport",
    "ReRanking",
    "attribute_accuracy",
    "average_reports",
    "euclidean_distances",
    "evaluate",
    "multiple_query",
    "predicted_columns",
    "rank",
]
