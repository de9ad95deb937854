"""Files that are sent to be added: written to disk while they come, so that thousands need neither memory nor handles.

A form that a framework reads keeps every file open, and small ones in memory, until the last one is there.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import Depends, Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from reseen.app.desk import Desk
from reseen.app.web.uploads import file_name, is_picture
from reseen.errors import ReseenError
from reseen.ingest.video import is_video

_FIELD = b"file"
_LONGEST = 10_000
"""Bytes of a form's text."""


@dataclass
class Sent:
    """What came in one form.

    Attributes:
        folder: Where the files lie, as ``00000-NAME``, ``00001-NAME``, …
        names: What they were called.
        texts: The form's other fields.
    """

    folder: Path
    names: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def form(self) -> FormData:
        """The fields that are no files."""
        return FormData([*self.texts])


class _Reader:
    """Takes a form's parts as they come.

    Args:
        sent: What they are added to.
        check: Told of each file's name before anything of it is kept; raises if nothing can be done with it.
        most: So many files may come.
    """

    def __init__(self, sent: Sent, check: Callable[[str], None], most: int) -> None:
        self._sent, self._check, self._most = sent, check, most
        self._header: tuple[bytearray, bytearray] = bytearray(), bytearray()
        self._disposition = self._name = b""
        self._text: bytearray | None = None
        self._file: BinaryIO | None = None

    def parser(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin,
                "on_part_data": self._take,
                "on_part_end": self._end,
            },
        )

    def _end_header(self) -> None:
        name, value = map(bytes, self._header)
        if name.lower() == b"content-disposition":
            self._disposition = value
        self._header = bytearray(), bytearray()

    def _begin(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name, sent_name = options.get(b"name", b""), options.get(b"filename")
        if sent_name is None:
            self._text = bytearray()
        elif sent_name and self._name == _FIELD:  # browsers send a file without a name where nothing was chosen
            self._open(file_name(sent_name.decode("utf-8", "replace")))

    def _open(self, name: str) -> None:
        if len(self._sent.names) == self._most:
            raise ReseenError(f"those are more than {self._most:,} files; put them into a zip, which counts as one")
        self._check(name)
        self._file = (self._sent.folder / f"{len(self._sent.names):05}-{name}").open("xb")
        self._sent.names.append(name)

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
        elif self._text is not None:
            self._text += data[start:end]
            if len(self._text) > _LONGEST:
                raise ReseenError(f"{self._name.decode('utf-8', 'replace')[:40]} is too long")

    def _end(self) -> None:
        self.close()
        if self._text is not None:
            self._sent.texts.append((self._name.decode("utf-8", "replace"), self._text.decode("utf-8", "replace")))
            self._text = None

    @property
    def is_through(self) -> bool:
        return self._file is None and self._text is None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


async def _receive(request: Request) -> AsyncIterator[Sent]:
    """Yields what was sent; what nobody has moved elsewhere by then is deleted afterwards.

    Raises:
        ReseenError: If it is no form, too much, something that cannot be added, or cannot be kept.
    """
    desk: Desk = request.app.state.desk
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ReseenError("choose pictures, videos, or zips of pictures, and send them as multipart/form-data")
    folder = desk.incoming / secrets.token_hex(8)
    sent = request.state.sent = Sent(folder)
    reader = _Reader(sent, lambda name: _check(desk, name), desk.settings.limits.job_files)
    try:
        folder.mkdir(parents=True, mode=0o700)
        await _read(request, reader, reader.parser(options[b"boundary"]))
        yield sent
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)


async def _read(request: Request, reader: _Reader, parser: MultipartParser) -> None:
    try:
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
        if not reader.is_through:
            raise ReseenError("the form ends in the middle; send it again")
    except MultipartParseError as error:
        raise ReseenError(f"this is no form that can be read ({error})") from error
    except OSError as error:
        raise ReseenError(f"the files could not be kept: {error.strerror}") from error
    finally:
        reader.close()


def _check(desk: Desk, name: str) -> None:
    if is_picture(name) or name.lower().endswith(".zip"):
        return
    if not is_video(Path(name)):
        raise ReseenError(f"{name} cannot be added here; send JPEG, PNG, WebP or BMP pictures, zips of them, or videos")
    if desk.choices.detector is None:
        raise ReseenError(f"nothing here finds the people in {name}: start reseen serve with --detector hog")


ThisSent = Annotated[Sent, Depends(_receive)]
"""What a form has brought; named before who asks, so that the form's own token is known by then."""
