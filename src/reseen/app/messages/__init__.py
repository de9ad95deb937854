"""What the API says and is told, in one place for the server and for `reseen.client`."""

from __future__ import annotations

from reseen.app.messages.keeping import AuditEntry, AuditPage, Deletion, Job, ModelInfo, Receipt, Retention
from reseen.app.messages.pairs import AttributePair, CoveringTest, Part, Why
from reseen.app.messages.rows import Camera, Facet, FacetClass, Facets, ReadAttribute, Row, RowList
from reseen.app.messages.searches import PersonFound, QueryPicture, Rerun, Result, Search, SearchList, Verdict

__all__ = [
    "AttributePair",
    "AuditEntry",
    "AuditPage",
    "Camera",
    "CoveringTest",
    "Deletion",
    "Facet",
    "FacetClass",
    "Facets",
    "Job",
    "ModelInfo",
    "Part",
    "PersonFound",
    "QueryPicture",
    "ReadAttribute",
    "Receipt",
    "Rerun",
    "Result",
    "Retention",
    "Row",
    "RowList",
    "Search",
    "SearchList",
    "Verdict",
    "Why",
]
