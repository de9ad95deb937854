"""What the API says and is told, in one place for the server and for `reseen.client`."""

from __future__ import annotations

from reseen.app.messages.keeping import Addition, AuditEntry, AuditPage, Deletion, Job, Receipt, Retention
from reseen.app.messages.model import AttributeAccuracy, ModelInfo, ModelPicture, ModelTest
from reseen.app.messages.pairs import AttributePair, CoveringTest, Part, Why
from reseen.app.messages.rows import Camera, Facet, FacetClass, Facets, ReadAttribute, Row, RowList, Spot
from reseen.app.messages.searches import PersonFound, QueryPicture, Rerun, Result, Search, SearchList, Verdict
from reseen.app.messages.session import Login, Session

__all__ = [
    "Addition",
    "AttributeAccuracy",
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
    "Login",
    "ModelInfo",
    "ModelPicture",
    "ModelTest",
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
    "Session",
    "Spot",
    "Verdict",
    "Why",
]
