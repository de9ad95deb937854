"""Evaluation: ranking, re-ranking, attributes, a distance learnt from pairs, and how data sets want to be compared."""

from reseen.evaluation.attribute_scores import BinaryMetrics
from reseen.evaluation.attributes import AttributeReport, attribute_accuracy, predicted_columns
from reseen.evaluation.kissme import Kissme
from reseen.evaluation.protocols import evaluate, multiple_query
from reseen.evaluation.ranking import RankingReport, average_reports, rank
from reseen.evaluation.report import EvaluationReport
from reseen.evaluation.reranking import ReRanking

__all__ = [
    "AttributeReport",
    "BinaryMetrics",
    "EvaluationReport",
    "Kissme",
    "RankingReport",
    "ReRanking",
    "attribute_accuracy",
    "average_reports",
    "evaluate",
    "multiple_query",
    "predicted_columns",
    "rank",
]
