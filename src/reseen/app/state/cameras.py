"""What cameras are called and where they hang, on a plan that an operator may give."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from reseen.app.state.database import Database


@dataclass(frozen=True, slots=True)
class Spot:
    """A camera's name and place.

    Attributes:
        name: What people call it; may be empty.
        x: Place on the plan from the left, as a share of its width; None: nowhere.
        y: Place from the top, as a share of its height; None: nowhere.
    """

    name: str = ""
    x: float | None = None
    y: float | None = None


_NOWHERE = Spot()


@dataclass(frozen=True, slots=True)
class Plan:
    """A picture of the place.

    Attributes:
        width: In pixels.
        height: In pixels.
        picture: JPEG.
    """

    width: int
    height: int
    picture: bytes


class CameraStore:
    """The tables of cameras and of the plan, which is one picture or none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.read("SELECT * FROM cameras")
        self._spots = {row["number"]: Spot(row["name"], row["x"], row["y"]) for row in rows}

    def __getitem__(self, number: int) -> Spot:
        """Returns what is known of a camera; every row that is shown asks for it."""
        return self._spots.get(number, _NOWHERE)

    def put(self, number: int, spot: Spot) -> None:
        """Keeps a camera's name and place in place of earlier ones."""
        self._database.write("INSERT OR REPLACE INTO cameras VALUES (?, ?, ?, ?)", number, *astuple(spot))
        self._spots[number] = spot

    def plan(self) -> Plan | None:
        rows = self._database.read("SELECT width, height, picture FROM plan")
        return Plan(**rows[0]) if rows else None

    def plan_shape(self) -> float | None:
        """Returns the plan's height by its width, or None if there is none."""
        rows = self._database.read("SELECT width, height FROM plan")
        return rows[0]["height"] / rows[0]["width"] if rows else None

    def draw(self, plan: Plan | None) -> None:
        """Keeps a plan in place of the earlier one; None: there is none any more."""
        with self._database.change() as change:
            change.execute("DELETE FROM plan")
            if plan is not None:
                change.execute("INSERT INTO plan VALUES (?, ?, ?)", astuple(plan))
