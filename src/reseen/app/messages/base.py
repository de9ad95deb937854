"""What all messages have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

LARGEST = 2**63 - 1
"""Largest number of a camera or person that the gallery and the application's state can keep."""
EXAMPLE_ROW = "8f434346648f6b96df89dda901c5176b"
"""A row's id, as examples in the API's description show it."""


class Message(BaseModel):
    """Something that is said, and does not change."""

    model_config = ConfigDict(frozen=True)
