"""How programs call a served gallery: over HTTP, with answers that are checked and refusals told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from reseen.errors import ReseenError, one_line

_Message = TypeVar("_Message", bound=BaseModel)


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
        try:
            return message.model_validate_json(self._sent(method, path, **content).content)
        except ValidationError as error:
            raise ReseenError(f"the server answered something else than {message.__name__}: is it reseen's?") from error

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
    except httpx2.HTTPError as error:
        raise ReseenError(f"the server cannot be reached ({one_line(error)}): is reseen serve running?") from error


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
    try:
        return picture.name, picture.read_bytes()
    except OSError as error:
        raise ReseenError(f"cannot read {picture}: {error.strerror}") from error
