"""Searching a gallery by picture, by attributes, or by both."""

from reseen.search.search import Match, evidence, search
from reseen.search.table import caption, matches_table, short_path
from reseen.search.where import AttributeFilter, parse_where

__all__ = [
    "AttributeFilter",
    "Match",
    "caption",
    "evidence",
    "matches_table",
    "parse_where",
    "search",
    "short_path",
]
