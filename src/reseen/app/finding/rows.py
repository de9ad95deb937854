"""What is known of rows and cameras, as it is told."""

from __future__ import annotations

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.words import label
from reseen.search.search import Match


def row_message(desk: Desk, match: Match) -> messages.Row:
    """Returns what is known of a row, without attributes that are turned off."""
    schema, read = desk.schema(), match.attributes
    return messages.Row(
        id=match.id,
        person=match.pid if match.pid > 0 else None,
        camera=match.camid,
        camera_name=desk.camera_name(match.camid),
        seconds=match.seconds,
        track=match.track,
        source=match.source,
        picture=f"/api/rows/{match.id}/picture",
        attributes=tuple(
            messages.ReadAttribute(name=name, label=label(name), value=read[name][0], probability=read[name][1])
            for name in (schema.names if schema else ())
            if name in read
        ),
    )


def camera_message(desk: Desk, camera: int, count: int) -> messages.Camera:
    """Returns what is known of a camera."""
    spot = desk.state.cameras[camera]
    return messages.Camera(camera=camera, count=count, name=desk.camera_name(camera), x=spot.x, y=spot.y)
