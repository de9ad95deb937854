"""What a search found, as a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image

from reseen.data.attributes import AttributeSchema
from reseen.data.images.reference import image_of
from reseen.data.person import PersonImage, camera_word
from reseen.explain.drawing.ranked_list import RankedResult, ranked_list_picture
from reseen.search.search import Match
from reseen.search.table import caption, same_person
from reseen.search.where import AttributeFilter


def matches_picture(
    matches: Sequence[Match],
    query: PersonImage | None,
    *,
    schema: AttributeSchema | None = None,
    where: AttributeFilter | None = None,
    query_pid: int | None = None,
    unlike: int = 0,
    picture_of: Callable[[Match], PersonImage] = lambda match: image_of(match.path),
) -> Image.Image:
    """Draws the query and the matches with distance, camera and attributes.

    Args:
        matches: What `search` found.
        query: The query's image, or None for a search by attributes alone.
        schema: The attributes' classes.
        where: The filter of the search.
        query_pid: The query's person id if known: frames the matches right or wrong.
        unlike: How many pictures of whom the person is not were given; the title says so.
        picture_of: Returns a match's picture; by default the one its path leads to.

    Raises:
        ReseenError: If a picture cannot be read.
    """
    results = [
        RankedResult(
            picture_of(match).open(),
            [
                f"distance {match.distance:.3f}" if match.distance is not None else f"fits {match.fits:.0%}",
                *(() if match.probability is None else (same_person(match.probability),)),
                f"camera {camera_word(match.camid)}",
                *(caption(match, schema, where=where) if schema is not None else ()),
            ],
            match.shows(query_pid),
        )
        for match in matches
    ]
    asked = [f"where {where}"] if where is not None else []
    if unlike:
        asked.append(f"unlike {unlike:,} other picture{'s' if unlike > 1 else ''}")
    return ranked_list_picture(None if query is None else query.open(), results, title=", ".join(asked))
