"""Pictures that somebody sends: looked at carefully before anything else is done with them."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from starlette.datastructures import UploadFile

from reseen.app.settings import Limits
from reseen.errors import ReseenError, one_line

_SUFFIXES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".bmp": "BMP"}
"""What strangers may send is less than what the command line reads: decoders that few use have more holes."""
_FORMATS = tuple(dict.fromkeys(_SUFFIXES.values()))
_SCAN = b"\xff\xda"
"""Begins a pass over a JPEG's picture; nothing else in its data looks like that."""
_SCANS = 100
"""A progressive JPEG has some ten passes. Each decodes all pixels anew, and thousands fit into a small file."""
_SLIMMEST = 10
"""Times the longer side of a picture may be the shorter one: what is slimmer grows huge when it is shown."""
_TURNS = 12
"""Times as long as it may be decoded, a picture waits for those before it."""
_LONGEST_NAME = 100
"""Bytes of a file's name that are kept."""
_decoders = ThreadPoolExecutor(4, thread_name_prefix="decode")


class TryAgainError(ReseenError):
    """A picture could not be looked at in time, which says nothing of the picture."""


def is_picture(name: str) -> bool:
    """Whether a file's name has the suffix of a picture that may be sent, in any case."""
    return Path(name).suffix.lower() in _SUFFIXES


def read_pictures(files: Sequence[UploadFile], limits: Limits) -> list[bytes]:
    """Returns the encoded pictures of a form; fields left empty are passed over.

    Raises:
        ReseenError: If there are too many, or one is too large, is no picture, or takes too long to decode.
    """
    sent = [file for file in files if file.filename or file.size]
    if len(sent) > limits.pictures:
        raise ReseenError(f"{len(sent)} pictures are too many for one search; send at most {limits.pictures}")
    return [_checked(file, limits) for file in sent]


def _checked(file: UploadFile, limits: Limits) -> bytes:
    data = file.file.read(limits.picture_bytes + 1)
    check_picture(file_name(file.filename or "picture"), data, limits)
    return data


def file_name(sent: str) -> str:
    """Returns the last part of a file's name as it was sent, short and without signs that nobody sees."""
    name = "".join(sign for sign in sent.replace("\\", "/").rpartition("/")[2] if sign.isprintable())
    while len(name.encode()) > _LONGEST_NAME:
        name = name[1:]  # what is at the end tells what it is
    return name


def check_picture(name: str, data: bytes, limits: Limits) -> None:
    """Makes sure that a picture can be decoded within the limits.

    Args:
        name: What to call it.
        data: The encoded picture.
        limits: How large it may be, and how long it may take.

    Raises:
        TryAgainError: If it takes too long to decode, or others do.
        ReseenError: If it is too large, or is no picture.
    """
    if len(data) > limits.picture_bytes:
        raise ReseenError(f"{name} has more than {limits.picture_bytes >> 20} MiB; make it smaller")
    begun = threading.Event()
    decoding = _decoders.submit(_decode, data, limits.picture_pixels, begun)
    if not begun.wait(_TURNS * limits.decode_seconds) and decoding.cancel():
        raise TryAgainError(f"too many pictures are looked at just now; send {name} again in a minute")
    try:
        decoding.result(limits.decode_seconds)  # what has begun goes on; pixels and passes are limited
    except TooSlow:
        raise TryAgainError(f"{name} takes more than {limits.decode_seconds:g} s to decode; save it again") from None
    except UnidentifiedImageError:  # whose own words name an object in memory
        raise ReseenError(f"{name} is no picture that can be read; send JPEG, PNG, WebP or BMP") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ReseenError(
            f"{name} is no picture that can be read ({one_line(error)}); send JPEG, PNG, WebP or BMP"
        ) from None


def _decode(data: bytes, pixels: int, begun: threading.Event) -> None:
    begun.set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is the narrower limit
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > pixels:
                raise ValueError(f"{picture.width} x {picture.height} pixels are more than {pixels:,}")
            if max(picture.size) > _SLIMMEST * min(picture.size):
                raise ValueError(f"{picture.width} x {picture.height} pixels are no person's shape")
            if picture.format == "JPEG" and data.count(_SCAN) > _SCANS:
                raise ValueError(f"its pixels are sent more than {_SCANS} times")
            picture.load()


def jpeg(picture: Image.Image, largest: int = 512) -> bytes:
    """Returns a picture as it is shown: upright, no larger than need be, and without what its file says besides."""
    shown = ImageOps.exif_transpose(picture).convert("RGB")
    shown.thumbnail((largest, largest))
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=90)
    return file.getvalue()
