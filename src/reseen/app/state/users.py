"""Who may come in: users with roles, their sessions, and how often somebody may guess."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reseen.app.state.database import Database
from reseen.errors import ReseenError

Role = Literal["viewer", "operator"]
TOKEN = "token"
"""What whoever has come in with the token is called."""
_SHORTEST = 10
_GUESSES = 5
_WINDOW = 900.0
"""Seconds in which so many wrong passwords of one name are allowed, and four times as many from one address."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may come in.

    Attributes:
        name: Their name.
        role: A ``viewer`` searches; an ``operator`` also adds and deletes.
        cameras: Whose pictures they may see; None: all.
    """

    name: str
    role: Role
    cameras: frozenset[int] | None = None

    @property
    def oversees(self) -> bool:
        """Whether they see what others do: searches, jobs and audit trail tell of pictures of any camera."""
        return self.role == "operator" and self.cameras is None

    def may_see(self, who: str) -> bool:
        """Whether they may see what somebody has done: their own always."""
        return self.oversees or who == self.name


@dataclass(frozen=True, slots=True)
class Session:
    """A login.

    Attributes:
        user: Whose.
        csrf: What a form has to bring to be one of ours; empty for who has no cookie that a browser would send along.
    """

    user: User
    csrf: str


class UserStore:
    """The tables of users, sessions, and wrong passwords and tokens. Of tokens only hashes are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hasher = PasswordHasher()

    def __len__(self) -> int:
        return int(self._database.read("SELECT count(*) AS n FROM users")[0]["n"])

    def __contains__(self, name: str) -> bool:
        return bool(self._database.read("SELECT 1 FROM users WHERE name = ?", name))

    def all(self) -> list[User]:
        return [_user(row) for row in self._database.read("SELECT * FROM users ORDER BY name")]

    def add(self, name: str, password: str, role: Role, cameras: Iterable[int] | None = None) -> None:
        """Adds a user, or changes one, whose logins then end.

        Raises:
            ReseenError: If the name is odd or the password too short.
        """
        if not re.fullmatch(r"[\w.@-]{1,64}", name) or name in ("local", TOKEN):
            raise ReseenError(f"{name!r} is no user's name: use up to 64 letters, digits and ._@-, not local or token")
        if len(password) < _SHORTEST:
            raise ReseenError(f"the password has {len(password)} characters; it needs {_SHORTEST} or more")
        allowed = None if cameras is None else json.dumps(sorted(set(cameras)))
        with self._database.change() as change:
            values = (name, self._hasher.hash(password), role, allowed)
            change.execute("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?)", values)
            change.execute("DELETE FROM sessions WHERE user = ?", (name,))

    def remove(self, name: str, *, last: bool = False) -> None:
        """Removes a user and their logins.

        Args:
            name: Whom.
            last: Whether it may be the last one. Where there is none, nobody on this machine is asked who they are.

        Raises:
            ReseenError: If there is no such user, or it is the last one and may not be.
        """
        with self._database.change() as change:
            if name not in self:
                raise ReseenError(f"there is no user {name!r}; reseen user list names them")
            if len(self) == 1 and not last:
                raise ReseenError(
                    f"{name} is the last user: without any, everybody on this machine comes in as operator; add "
                    "another one first, or say --last"
                )
            change.execute("DELETE FROM sessions WHERE user = ?", (name,))
            change.execute("DELETE FROM users WHERE name = ?", (name,))

    def wait(self, name: str | None, address: str) -> float:
        """Returns how many seconds somebody has to wait after too many wrong passwords and tokens; 0: none.

        Args:
            name: Who it is said to be; None: only the address counts.
            address: Where the call comes from.
        """
        since = time.time() - _WINDOW
        waits = [0.0]
        for column, value, allowed in (("name", name, _GUESSES), ("address", address, 4 * _GUESSES)):
            sql = f"SELECT at FROM failures WHERE {column} = ? AND at >= ? ORDER BY at DESC LIMIT 1 OFFSET ?"
            waits += [row["at"] - since for row in self._database.read(sql, value, since, allowed - 1)]
        return max(waits)

    def refuse(self, name: str, address: str) -> None:
        """Counts a wrong password or token."""
        now = time.time()
        with self._database.change() as change:
            change.execute("DELETE FROM failures WHERE at < ?", (now - _WINDOW,))
            change.execute("INSERT INTO failures VALUES (?, ?, ?)", (name, address, now))

    def check(self, name: str, password: str, address: str) -> User | None:
        """Returns the user if the password is right. It takes as long for names that do not exist."""
        rows = self._database.read("SELECT * FROM users WHERE name = ?", name)
        try:
            self._hasher.verify(rows[0]["password"] if rows else self._nobodys(), password)
        except (VerificationError, InvalidHashError):
            rows = []
        if not rows:
            self.refuse(name, address)
            return None
        self._database.write("DELETE FROM failures WHERE name = ?", name)
        return _user(rows[0])

    @cache  # noqa: B019 - as long as the program runs
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())

    def login(self, name: str, hours: float) -> str:
        """Begins a session; returns the token for the cookie."""
        token = secrets.token_urlsafe(32)
        with self._database.change() as change:
            change.execute("DELETE FROM sessions WHERE expires < ?", (time.time(),))
            values = (_digest(token), name, secrets.token_urlsafe(24), time.time() + 3600 * hours)
            change.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", values)
        return token

    def logout(self, token: str) -> None:
        self._database.write("DELETE FROM sessions WHERE token = ?", _digest(token))

    def logout_all(self, name: str) -> None:
        """Ends all sessions of a user."""
        self._database.write("DELETE FROM sessions WHERE user = ?", name)

    def session(self, token: str) -> Session | None:
        """Returns the session a cookie belongs to, unless it is over. `TOKEN` is the one user who has no row."""
        sql = (
            "SELECT sessions.user AS name, csrf, role, cameras FROM sessions LEFT JOIN users ON users.name = user "
            "WHERE token = ? AND expires >= ? AND (users.name IS NOT NULL OR sessions.user = ?)"
        )
        rows = self._database.read(sql, _digest(token), time.time(), TOKEN)
        if not rows:
            return None
        row = rows[0]
        return Session(User(row["name"], "operator") if row["role"] is None else _user(row), row["csrf"])


def _user(row: Any) -> User:
    cameras = None if row["cameras"] is None else frozenset(json.loads(row["cameras"]))
    return User(row["name"], row["role"], cameras)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
