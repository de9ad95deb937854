"""What operators have turned on."""

from __future__ import annotations

from reseen.app.state.database import Database


class Switches:
    """Named switches, all off at first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getitem__(self, name: str) -> bool:
        return any(
            row["value"] == "on" for row in self._database.read("SELECT value FROM switches WHERE name = ?", name)
        )

    def __setitem__(self, name: str, on: bool) -> None:
        self._database.write("INSERT OR REPLACE INTO switches VALUES (?, ?)", name, "on" if on else "off")
