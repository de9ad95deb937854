"""How programs call a served gallery: over HTTP, with answers that are checked and refusals told in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar, get_args

import httpx2
from pydantic import TypeAdapter, ValidationError

from reseen.errors import ReseenError, one_line

_Message = TypeVar("_Message")


class Caller:
    """Talks to one server; use it in a ``with`` statement.

    Args:
        url: Where it is served.
        token: What stands in its ``--token-file``, if it has one; users log in instead.
        timeout: Seconds to wait for an answer.
        http: Another HTTP client to send by, such as one that tests bring.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        token: str = "",
        timeout: float = 60.0,
        http: httpx2.Client | None = None,
    ) -> None:
        self._http = http if http is not None else httpx2.Client(base_url=url, timeout=timeout)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _told(self, message: type[_Message], method: str, path: str, **content: Any) -> _Message:
        return read_as(message, self._sent(method, path, **content).content)

    def _sent(self, method: str, path: str, **content: Any) -> httpx2.Response:
        with reaching():
            answer = self._http.request(method, f"/api{path}", headers=self._headers, **content)
        if not answer.is_success:
            raise refusal(answer)
        return answer


@contextmanager
def reaching() -> Iterator[None]:
    """Says of a server that does not answer what to look at.

    Raises:
        ReseenError: If it cannot be reached.
    """
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ReseenError(f"the server cannot be reached ({one_line(error)}): is reseen serve running?") from error


def read_as(message: type[_Message], content: str | bytes) -> _Message:
    """Returns what the server answered.

    Args:
        message: What that is to be: a message, several, or a number.
        content: The answer, as JSON.

    Raises:
        ReseenError: If it is something else.
    """
    try:
        return TypeAdapter(message).validate_json(content)
    except ValidationError as error:
        named = (*get_args(message), message)[0].__name__
        raise ReseenError(f"the server answered something else than {named}: is it reseen's?") from error


def refusal(answer: httpx2.Response) -> ReseenError:
    """Returns what the server said in place of an answer."""
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = answer.reason_phrase
    return ReseenError(f"the server refused ({answer.status_code}): {detail}")


def file_of(picture: Path | bytes) -> tuple[str, bytes]:
    """Returns a file's name and content, to be sent.

    Raises:
        ReseenError: If it cannot be read.
    """
    if isinstance(picture, bytes):
        return "picture", picture
    with _reading(picture):
        return picture.name, picture.read_bytes()


class Streamed:
    """A file that is read while it is sent, since it may be larger than the memory; it is open no longer than that.

    Many can be sent at once. It has what httpx asks of a file.

    Args:
        path: The file.

    Raises:
        ReseenError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _reading(path), path.open("rb") as file:
            self._length = file.seek(0, os.SEEK_END)
        self._file: BinaryIO | None = None

    def tell(self) -> int:
        return 0 if self._file is None else self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to the beginning, or tells how long the file is: more is not asked for."""
        if self._file is not None:
            self._file.close()
            self._file = None
        return self._length if whence == os.SEEK_END else offset

    def read(self, size: int) -> bytes:
        with _reading(self._path):
            if self._file is None:
                self._file = self._path.open("rb")
            piece = self._file.read(size)
            if not piece:
                self._file.close()
        return piece


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReseenError(f"cannot read {path}: {error.strerror}") from error
