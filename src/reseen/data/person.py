"""What a person image is, and what a data set is once it has been read."""

from __future__ import annotations

import hashlib
import io
import lzma
import threading
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from reseen.data.attributes import AttributeSchema
from reseen.errors import ReseenError

UNKNOWN_PID = -1
"""Person id of images of nobody knows whom, such as Market-1501's badly detected boxes ("junk").

They are neither right nor wrong answers, and teach no identity.
"""
UNKNOWN_CAMERA = -1
"""Camera id of images by nobody knows which camera: never the same camera as any other image's."""
DISTRACTOR_PID = 0
"""Person id of background images that count as wrong answers."""

NO_LABEL = -1
"""Class index of the identity of images whose person is not known: left out of identity losses."""

LARGEST_IMAGE = 64 << 20
"""Most bytes of an encoded image; a crop of a person has thousands."""
LARGEST_PICTURE = 64_000_000
"""Most pixels of a picture."""

_NO_ATTRIBUTES: Mapping[str, int] = MappingProxyType({})
_archive_lock = threading.Lock()


@lru_cache(maxsize=8)
def _open_zip(path: Path, size: int, modified: int) -> zipfile.ZipFile:
    """Opens a zip once; ``size`` and ``modified`` make one that was replaced be opened again."""
    return zipfile.ZipFile(path)


def close_archives() -> None:
    """Closes zips that were read from: as long as one is open, deleting it leaves its content on disk."""
    with _archive_lock:
        _open_zip.cache_clear()


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Returns a gray picture of 16 bits with 8, which Pillow would cut off at 255 instead; others as they are.

    Raises:
        ValueError: If it has 32 bits a pixel, for which nobody says what is white.
    """
    if picture.mode.startswith("I;16"):
        values = np.asarray(picture, dtype=np.uint16).astype(np.uint32)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ValueError("it has 32 bits a pixel; save it with 8 or 16")
    return picture


@dataclass(frozen=True, slots=True)
class PersonImage:
    """One cropped picture of one person.

    Attributes:
        path: The image file, or the encoded image itself. With ``archive`` set, the member's name
            inside the zip, or the data-set path inside the HDF5 ``.mat`` file.
        pid: Person id; ``UNKNOWN_PID`` and ``DISTRACTOR_PID`` have a meaning of their own.
        camid: Camera id; ``UNKNOWN_CAMERA`` is nobody's own.
        attributes: Class index by attribute name; a name that is missing is *unknown*.
        keypoints: (18, 3) joints of `COCO18`: x, y in pixels of this image, where the centre of the first pixel is
            0, and confidence from 0 (nobody knows) to 1; or None.
        archive: The zip or ``.mat`` file that holds the image, or None.
        mask: File (or member of ``archive``) with the body part at each pixel, or None; `open_mask` reads it.
        seconds: When the picture was taken, since 1970 or since the recording began, or None.
        track: Number of the track it belongs to, or None.
        source: What it comes from, such as a video; empty where nobody knows.
        person_name: What is kept of the user's name for the person (`reseen.data.names.concealed`), whose ``pid`` is
            then a number made up for this split; or empty.
        camera_name: What the user calls the camera, whose ``camid`` is made up likewise; or empty.
    """

    path: Path | bytes
    pid: int = UNKNOWN_PID
    camid: int = UNKNOWN_CAMERA
    attributes: Mapping[str, int] = field(default_factory=lambda: _NO_ATTRIBUTES, hash=False)
    keypoints: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    archive: Path | None = None
    mask: Path | None = field(default=None, compare=False, repr=False)
    seconds: float | None = field(default=None, compare=False, repr=False)
    track: int | None = field(default=None, compare=False, repr=False)
    source: str = field(default="", compare=False, repr=False)
    person_name: str = field(default="", compare=False, repr=False)
    camera_name: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """What messages and tables call this image: its path, or where it lies in its archive."""
        if isinstance(self.path, bytes):
            return f"<{len(self.path)} bytes {hashlib.sha256(self.path).hexdigest()[:8]}>"
        return f"{self.archive}:{self.path.as_posix()}" if self.archive else str(self.path)

    def read(self, limit: int = LARGEST_IMAGE) -> bytes:
        """Returns the encoded image (JPEG, PNG, …).

        Args:
            limit: Most bytes to read; whatever a zip says of its members, no more are unpacked.

        Raises:
            ReseenError: If the file or archive member cannot be read or is larger than the limit.
        """
        if isinstance(self.path, bytes):
            return self.path
        try:
            if self.archive is None:
                with self.path.open("rb") as file:
                    data = file.read(min(limit, self.path.stat().st_size) + 1)
            else:
                data = self._read_member(self.archive, limit)
            if len(data) > limit:
                raise ReseenError(f"cannot read image {self.name}: it has more than {limit >> 20} MiB; make it smaller")
            return data
        except (OSError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError) as error:
            raise ReseenError(f"cannot read image {self.name}: {error}") from error

    def _read_member(self, archive: Path, limit: int) -> bytes:
        assert isinstance(self.path, Path)
        with _archive_lock:
            status = archive.stat()
            opened = _open_zip(archive, status.st_size, status.st_mtime_ns)
            member = opened.getinfo(self.path.as_posix())
            with opened.open(member) as file:
                # One more than is allowed tells that there is more, without unpacking the rest.
                return file.read(min(limit, member.file_size) + 1)

    def open(self) -> Image.Image:
        """Returns the decoded picture in RGB, upright where a camera has noted how it was held (EXIF).

        Raises:
            ReseenError: If the picture is missing, truncated or not a picture.
        """
        if self.archive is not None and self.archive.suffix == ".mat":
            return Image.fromarray(self._read_hdf5()).convert("RGB")
        return self._decoded("RGB")

    def open_mask(self) -> NDArray[np.uint8]:
        """Returns the body part at each pixel (H, W); the data set says which number is which part.

        Raises:
            ReseenError: If the image has no mask, or it is missing, truncated or not a picture.
        """
        if self.mask is None:
            raise ReseenError(f"image {self.name} has no mask: read rendered pedestrians with the option masks")
        return np.asarray(replace(self, path=self.mask)._decoded("P"))

    def _decoded(self, mode: str) -> Image.Image:
        data = self.read()
        try:
            with Image.open(io.BytesIO(data)) as picture:
                if picture.width * picture.height > LARGEST_PICTURE:
                    raise ValueError(f"{picture.width} x {picture.height} pixels are too many for one person")
                if mode == "P":
                    return picture.convert(mode)
                return _eight_bits(ImageOps.exif_transpose(picture)).convert(mode)
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            reason = "it is no picture" if isinstance(error, UnidentifiedImageError) else error
            raise ReseenError(f"cannot decode image {self.name}: {reason}") from error

    def _read_hdf5(self) -> NDArray[np.uint8]:
        """MATLAB stores (channel, width, height); pictures here are (height, width, channel)."""
        import h5py

        assert isinstance(self.path, Path)
        assert self.archive is not None
        try:
            with h5py.File(self.archive, "r") as file:
                return np.ascontiguousarray(np.asarray(file[self.path.as_posix()], dtype=np.uint8).T)
        except (OSError, KeyError) as error:
            raise ReseenError(f"cannot read image {self.name}: {error}") from error


@dataclass(frozen=True, slots=True)
class Protocol:
    """How query and gallery of a split are compared (spec: "Evaluation, exactly").

    Attributes:
        kind: ``cross_camera``: every query against the whole gallery without its own camera's images of
            the same person (Market-1501, DukeMTMC-reID, CUHK03-NP). ``two_way``: query against gallery
            and gallery against query, averaged (VIPeR). ``single_gallery_shot``: one random query and one
            random gallery image of another camera per person, averaged over ``draws`` (CUHK03 classic).
        draws: Number of random draws for ``single_gallery_shot``.
        seed: Seed of the draws' own generator.
    """

    kind: Literal["cross_camera", "two_way", "single_gallery_shot"] = "cross_camera"
    draws: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Split:
    """A data set as the rest of the package sees it.

    Attributes:
        name: The data set's key, such as ``market1501``.
        train: Training images. Their persons do not occur in ``query`` or ``gallery``, but for attribute data sets
            whose published splits share some (PETA).
        query: Images that are searched for. Empty for pure attribute data sets.
        gallery: Images that are searched in (for PETA: the test images).
        schema: The attributes the images are labelled with, or None.
        protocol: How query and gallery are compared.
        terms: The data set's terms of use in one or two sentences, for model cards.
        notes: What a reader of figures on this split has to know (e.g. "no camera ids: every image
            counts as its own camera"); printed in reports.
    """

    name: str
    train: tuple[PersonImage, ...]
    query: tuple[PersonImage, ...]
    gallery: tuple[PersonImage, ...]
    schema: AttributeSchema | None = None
    protocol: Protocol = Protocol()
    terms: str = ""
    notes: tuple[str, ...] = ()

    def parts(self) -> Mapping[str, tuple[PersonImage, ...]]:
        """Returns the three parts by name, in the order train, query, gallery."""
        return {"train": self.train, "query": self.query, "gallery": self.gallery}


def origins_of(images: Sequence[PersonImage], always: Iterable[str] = ()) -> dict[str, Any]:
    """Returns when images were taken, their tracks, sources and names, by the names that these have in `Embeddings`.

    Args:
        images: N images.
        always: What to return even if none of these images has it.

    Returns:
        ``seconds`` and ``tracks`` (N,) float64, NaN where nobody knows, and N ``sources``, ``person_names`` and
        ``camera_names``: those that any image has.
    """
    origins: dict[str, Any] = {}
    if "seconds" in always or any(image.seconds is not None for image in images):
        origins["seconds"] = np.array([image.seconds for image in images], dtype=np.float64)
    if "tracks" in always or any(image.track is not None for image in images):
        origins["tracks"] = np.array([image.track for image in images], dtype=np.float64)
    for name, own in (("sources", "source"), ("person_names", "person_name"), ("camera_names", "camera_name")):
        if name in always or any(getattr(image, own) for image in images):
            origins[name] = [getattr(image, own) for image in images]
    return origins


def camera_word(camid: int) -> str:
    """Returns a camera's number, or that it is unknown."""
    return "unknown" if camid == UNKNOWN_CAMERA else str(camid)


def sorted_label_map(images: Sequence[PersonImage]) -> dict[int, int]:
    """Returns class index by pid, pids in ascending order, so that labels never depend on file order.

    Unknown persons and distractors are no classes.
    """
    return {pid: label for label, pid in enumerate(sorted({image.pid for image in images if image.pid > 0}))}
