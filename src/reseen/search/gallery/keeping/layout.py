"""What the rows of one model's table hold: written into the table itself, so that it explains itself."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA, NO_YES, Attribute, AttributeSchema
from reseen.data.person import UNKNOWN_CAMERA, UNKNOWN_PID
from reseen.descriptors.distance import Sum, read_distance
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError

_KEY = b"reseen"
_FACTS = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("path", pa.string(), nullable=False),
    pa.field("pid", pa.int64(), nullable=False),
    pa.field("camera", pa.int64(), nullable=False),
    pa.field("seconds", pa.float64()),
    pa.field("track", pa.int64()),
    pa.field("source", pa.string(), nullable=False),
    pa.field("added", pa.float64(), nullable=False),
    pa.field("picture", pa.large_binary()),
]


@dataclass(frozen=True, eq=False)
class Layout:
    """One model's descriptors and attributes.

    Attributes:
        like: Descriptors of no image, which say what all others must be like: model, width, parts, distance.
        schema: The attributes that have predictions, or None.
    """

    like: Embeddings
    schema: AttributeSchema | None

    @classmethod
    def of(cls, embeddings: Embeddings, schema: AttributeSchema | None = None) -> Layout:
        """Returns the layout for some descriptors.

        Args:
            embeddings: The first that are added.
            schema: The model's attributes, where the embeddings do not tell them. If nobody does, an attribute that our
                data sets know by its name and number of classes is taken for theirs, and the classes of others are
                ``no`` and ``yes``, or numbers.

        Raises:
            ReseenError: If the distance is none that can be searched by, or an attribute is not in the schema.
        """
        if isinstance(embeddings.distance, Sum) and len(embeddings.distance.terms) > 1:
            terms = " and ".join(term.label for term in embeddings.distance.terms)
            raise ReseenError(
                f"a gallery searches by one Euclidean distance, not by the sum of those of {terms}: add "
                "embeddings.feature(…) of one of them, or search in memory with reseen.search.search"
            )
        schema = schema or embeddings.schema
        widths = {name: table.shape[1] for name, table in (embeddings.attributes or {}).items()}
        attributes = tuple(_attribute(name, width, schema) for name, width in widths.items())
        name = schema.name if schema is not None else "gallery"
        none = np.zeros(len(embeddings), dtype=bool)
        facts = ("attributes", "paths", "seconds", "tracks", "sources", "person_names", "camera_names")
        unsaid: dict[str, Any] = dict.fromkeys(facts)
        return cls(
            replace(embeddings[none], **unsaid),
            AttributeSchema(name, attributes) if widths else None,
        )

    @classmethod
    def read(cls, schema: pa.Schema) -> Layout:
        """Reads what `arrow` has noted.

        Raises:
            ReseenError: If nothing or something else is noted.
        """
        try:
            stored = json.loads((schema.metadata or {})[_KEY])
            distance = read_distance(stored["distance"], load_arrays(base64.b64decode(stored["arrays"])))
            none = np.empty(0, dtype=np.int64)
            like = Embeddings(
                np.empty((0, stored["width"]), dtype=np.float32),
                none,
                none,
                model=stored["model"],
                parts=stored["parts"],
                distance=distance,
            )
            attributes = tuple(Attribute(name, tuple(classes), kind) for name, classes, kind in stored["attributes"])
            return cls(like, AttributeSchema(stored["schema"], attributes) if attributes else None)
        except (KeyError, TypeError, ValueError, SafetensorError) as error:
            raise ReseenError(f"this is no table of a gallery: {error}") from error

    def arrow(self) -> pa.Schema:
        """Returns the columns, with the layout as metadata.

        ``p0``, ``p1``, … have the probabilities of each attribute's classes, ``c0``, ``c1``, … what they say, encoded
        as labels are (`AttributeSchema.encode`): SQL filters look at these.
        """
        attributes = tuple(self.schema or ())
        columns = sum(attribute.columns for attribute in attributes)
        stored = {
            "model": self.like.model,
            "width": self.like.features.shape[1],
            "parts": dict(self.like.parts),
            "distance": self.like.distance.model_dump(mode="json"),
            "arrays": base64.b64encode(save_arrays(self.like.distance.arrays())).decode(),
            "schema": self.schema.name if self.schema is not None else "",
            "attributes": [[each.name, each.classes, each.kind] for each in attributes],
        }
        fields = [
            *_FACTS,
            pa.field("descriptor", pa.list_(pa.float32(), self.searched_width), nullable=False),
            *(pa.field(f"p{i}", pa.list_(pa.float32(), len(each.classes))) for i, each in enumerate(attributes)),
            *(pa.field(f"c{i}", pa.int8()) for i in range(columns)),
        ]
        return pa.schema(fields, metadata={_KEY: json.dumps(stored)})

    @property
    def searched_width(self) -> int:
        """Length of the descriptors as they are stored, mapped into the space that they are compared in."""
        arrays = self.like.distance.arrays()
        if "matrix" in arrays:
            return len(arrays["matrix"])
        features = getattr(self.like.distance, "features", ())
        attributes = {each.name: np.empty((0, len(each.classes)), dtype=np.float32) for each in self.schema or ()}
        return sum(values.shape[1] for values in replace(self.like, attributes=attributes).named(features).values())

    def check(self, embeddings: Embeddings, schema: AttributeSchema | None = None) -> None:
        """Makes sure that descriptors belong into this table.

        Raises:
            ReseenError: If they are another model's, or predict other attributes.
        """
        if embeddings.model != self.like.model:
            raise ReseenError(
                f"descriptors of {_model(embeddings.model)} do not belong into a gallery of {_model(self.like.model)}: "
                "embed the pictures with its model, or move the gallery to the other one with reseen gallery reindex"
            )
        embeddings.check_comparable(self.like)
        ours, theirs = self.schema, Layout.of(embeddings, schema or embeddings.schema or self.schema).schema
        if tuple(ours or ()) != tuple(theirs or ()):
            raise ReseenError(
                f"the gallery has the attributes {_names(ours)}, these embeddings {_names(theirs)}: "
                "both have to come from the same model, with the same classes"
            )

    def query(self, features: Embeddings | ArrayLike) -> NDArray[np.float32]:
        """Returns one or several pictures' descriptors (n, d) in the space that is searched.

        Args:
            features: Embedded pictures, or descriptors (D,) or (n, D).

        Raises:
            ReseenError: If there is none, or they cannot be compared to the gallery's.
        """
        if not isinstance(features, Embeddings):
            array = _floats(features)
            if array.shape[1] != self.like.features.shape[1]:
                raise ReseenError(
                    f"descriptors of length {array.shape[1]} cannot be searched for among those of length "
                    f"{self.like.features.shape[1]}: both have to come from the same model"
                )
            pids, camids = (np.full(len(array), one) for one in (UNKNOWN_PID, UNKNOWN_CAMERA))
            features = replace(self.like, features=array, pids=pids, camids=camids)
        if not len(features):
            raise ReseenError("there is no picture to search for: give at least one descriptor")
        if features.model and self.like.model and features.model != self.like.model:
            raise ReseenError(
                f"descriptors of {_model(features.model)} and of {_model(self.like.model)} cannot be compared: "
                "search with the latter, which made the gallery, or move the gallery to the other one with "
                "reseen gallery reindex"
            )
        features.check_comparable(self.like)
        return self.project(features)

    def project(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Returns descriptors (N, d) in the space where plain Euclidean distance is their distance."""
        return embeddings.distance.project(embeddings).features

    def probabilities(self, table: pa.Table) -> dict[str, NDArray[np.float32]]:
        """Returns the probabilities (N, classes) by attribute name, of attributes whose column is in a table."""
        found = {}
        for place, attribute in enumerate(self.schema or ()):
            if f"p{place}" in table.column_names:
                found[attribute.name] = matrix(table[f"p{place}"], len(attribute.classes))
        return found


def matrix(column: pa.ChunkedArray, width: int) -> NDArray[np.float32]:
    """Returns a column of fixed-size lists as (N, width)."""
    values: NDArray[np.float32] = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return values.reshape(-1, width)


def _attribute(name: str, width: int, schema: AttributeSchema | None) -> Attribute:
    if schema is not None:
        if name not in schema or len(schema[name].classes) != width:
            raise ReseenError(
                f"attribute {name!r} with {width} classes is not in schema {schema.name!r}: give the schema of the "
                "model that made these embeddings"
            )
        return schema[name]
    for known in (MARKET1501_SCHEMA, DUKE_SCHEMA):
        if name in known and len(known[name].classes) == width:
            return known[name]
    if width == 2:
        return Attribute(name, NO_YES, "binary")
    return Attribute(name, tuple(map(str, range(width))), "multi_class" if width > 2 else "multi_label")


def _floats(features: Any) -> NDArray[np.float32]:
    try:
        array = np.atleast_2d(np.asarray(features, dtype=np.float32))
    except (TypeError, ValueError) as error:
        raise ReseenError(f"a query is a descriptor (D,), several (n, D), or Embeddings: {error}") from error
    if array.ndim != 2:
        raise ReseenError(f"a query is a descriptor (D,), several (n, D), or Embeddings, not of shape {array.shape}")
    return array


def _model(digest: str) -> str:
    return f"model {digest[:12]}" if digest else "a model that nobody noted"


def _names(schema: AttributeSchema | None) -> str:
    return "none" if schema is None else ", ".join(schema.names)
