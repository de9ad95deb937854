"""A gallery's files in object storage, and its one writer at a time: a lock that has to be renewed."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reseen.addresses import open_address
from reseen.errors import ReseenError, one_line
from reseen.gallery_files import LOCK, NOTE
from reseen.search.gallery.keeping import files

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_LEASE = 60.0
"""A lock that was not renewed for so many seconds belongs to a writer that died."""
_LOOK = 0.5
"""Seconds between two looks at another writer's lock."""
_CHUNK = 8 << 20
"""Bytes looked through at a time."""


class Objects:
    """All objects below an address."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._store = open_address(place)
        self._own = threading.Lock()

    def begin(self, note: bytes) -> None:
        with _told():
            if self.read(NOTE) is None:
                if self.names() and self.read(NOTE) is None:  # nor has another one made it meanwhile
                    raise ReseenError(f"{self.place} is no gallery and not empty; name a gallery, or a new place")
                _swap(self._store, NOTE, note, None)

    def read(self, name: str) -> bytes | None:
        import obstore

        with _told():
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        import obstore

        with _told():
            obstore.put(self._store, name, content)

    def remove(self, name: str) -> None:
        import obstore

        with _told():
            if self.read(name) is not None:
                obstore.delete(self._store, name)

    def names(self, folder: str = "") -> list[str]:
        import obstore

        with _told():
            found = obstore.list_with_delimiter(self._store, folder or None)
            paths = [*found["common_prefixes"], *(each["path"] for each in found["objects"])]
        return [path.rpartition("/")[2] for path in paths]

    def sizes(self) -> Iterator[tuple[str, int]]:
        import obstore

        with _told():
            for batch in obstore.list(self._store):
                yield from ((each["path"], each["size"]) for each in batch)

    def holds(self, name: str, needles: Sequence[bytes]) -> bool:
        import obstore

        if not needles:
            return False
        kept, end = max(map(len, needles)) - 1, b""
        with _told():
            for chunk in obstore.get(self._store, name).stream(min_chunk_size=_CHUNK):
                content = end + bytes(chunk)
                if any(each in content for each in needles):
                    return True
                end = content[-kept:]
        return False

    @contextmanager
    def locked(self, *, patient: bool = True) -> Iterator[None]:
        """A writer that dies lets the next one in after `_LEASE`; one that stood still for so long is told at its end.

        Nobody's clock is compared with another's: whoever waits watches whether the lock is renewed. Whoever is not
        patient does so too, but goes at the first sign of life.
        """
        from obstore.exceptions import BaseError

        with self._own, _told():
            tag, done = self._acquire(patient), threading.Event()
            lost = threading.Event()

            def renew() -> None:
                nonlocal tag
                while not done.wait(_LEASE / 6):
                    with suppress(BaseError):  # whether it is still ours, the next try will tell
                        if (renewed := _swap(self._store, LOCK, _mine(), tag)) is None:
                            return lost.set()
                        tag = renewed
                return None

            thread = threading.Thread(target=renew, daemon=True)
            thread.start()
            try:
                yield
            finally:
                done.set()
                thread.join()
                freed = _swap(self._store, LOCK, b"", tag)
            if lost.is_set() or freed is None:
                raise ReseenError(
                    f"this process stood still for more than {_LEASE:.0f} s, and another one has written to "
                    f"{self.place} meanwhile: look it over with reseen gallery check"
                )

    def _acquire(self, patient: bool) -> str:
        import obstore

        start = since = time.monotonic()
        seen = None
        while True:
            try:
                found = obstore.get(self._store, LOCK)
                held, tag = bytes(found.bytes()), found.meta["e_tag"]
            except FileNotFoundError:
                held, tag = b"", None
            if tag != seen:
                if held and seen is not None and not patient:
                    raise files.busy(self.place)
                seen, since = tag, time.monotonic()
            if (not held or time.monotonic() - since > _LEASE) and (mine := _swap(self._store, LOCK, _mine(), tag)):
                return mine
            if time.monotonic() - start > files.WAIT:
                raise files.busy(self.place)
            time.sleep(_LOOK)


def _mine() -> bytes:
    """Returns what no lock had before."""
    return uuid.uuid4().hex.encode()


def _swap(store: ObjectStore, name: str, content: bytes, tag: str | None) -> str | None:
    """Writes an object if nobody else did since; returns its new tag, or None if somebody has.

    Args:
        store: Where.
        name: The object.
        content: What to write.
        tag: What `obstore` called its content; None if it was not there.
    """
    import obstore
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    try:
        new: str | None = obstore.put(store, name, content, mode="create" if tag is None else {"e_tag": tag})["e_tag"]
    except (AlreadyExistsError, PreconditionError):
        return None
    return new


@contextmanager
def _told() -> Iterator[None]:
    """Passes on what object storage complains of as what a disk would."""
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        raise OSError(one_line(error)) from error
