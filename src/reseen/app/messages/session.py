"""What is said of coming in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reseen.app.messages.base import Message


class Login(Message):
    """Name and password; without a name the password is the token."""

    name: str = Field(default="", max_length=64, examples=["ann"])
    password: str = Field(max_length=1024, examples=["correct horse battery"])


class Session(Message):
    """Who is asking.

    Attributes:
        name: The user's, ``token``, or ``local`` where nobody is asked.
        role: A viewer searches; an operator also adds and deletes.
        cameras: Whose pictures they may see; None: all.
        csrf: What calls that change something have to send as ``X-CSRF-Token`` beside the session's cookie; empty where
            no cookie is needed.
    """

    name: str = Field(examples=["ann"])
    role: Literal["viewer", "operator"]
    cameras: tuple[int, ...] | None
    csrf: str
