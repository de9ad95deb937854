"""Folders and zips seen as one thing, so that every loader reads either."""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath

from reseen.data.person import PersonImage
from reseen.errors import ReseenError, ReseenWarning
from reseen.files import make_private, replacing

IMAGE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})

_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_ZIP_SUFFIX = ".zip"
_LARGEST_FILE = 1 << 30
"""Most bytes of a file of labels."""
_DEEPEST = 32
"""How far below a folder or zip pictures are looked for."""
_DEPTH = 4
"""How far below the folder a user names its data may lie: collection / zip / data set / part."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A file on disk (``archive`` is None) or a member of a zip."""

    path: Path
    archive: Path | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        return self.path.name

    def read(self) -> bytes:
        """Returns the content; raises ReseenError if it cannot be read."""
        return PersonImage(self.path, archive=self.archive).read(_LARGEST_FILE)

    def on_disk(self, directory: Path) -> Path:
        """Returns a path that can be opened at random places; a zip member is unpacked once into ``directory``."""
        if self.archive is None:
            return self.path
        status = self.archive.stat()
        state = f"{self.archive.resolve()}:{status.st_size}:{status.st_mtime_ns}:{self.path.as_posix()}"
        target = directory / hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:20] / self.name
        if not target.exists():
            make_private(target.parent)
            with (
                replacing(target, private=True) as partial,
                zipfile.ZipFile(self.archive) as archive,
                partial.open("wb") as file,
            ):
                shutil.copyfileobj(archive.open(self.path.as_posix()), file, 1 << 20)
        return target


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on disk or in a zip. A zip lying in a folder is one more folder in it.

    Attributes:
        path: Where it is on disk, or inside ``archive`` (``.`` is the zip's root).
        archive: The zip, or None.
    """

    path: Path
    archive: Path | None = None

    @property
    def name(self) -> str:
        return self.path.name if self.archive is None or self.path.name else self.archive.stem

    def __str__(self) -> str:
        return f"{self.archive}:{self.path.as_posix()}" if self.archive else str(self.path)

    def folders(self) -> list[Folder]:
        """Returns the folders in this one, sorted by name, zips after all others."""
        if self.archive is not None:
            return [Folder(self.path / name, self.archive) for name in self._zip_node().folders]
        folders, files = _scan(self.path)
        zips = [self.path / name for name in files if name.lower().endswith(_ZIP_SUFFIX)]
        return [Folder(self.path / name) for name in folders] + [
            Folder(Path(), path) for path in zips if zipfile.is_zipfile(path)
        ]

    def files(self) -> list[Entry]:
        """Returns the files in this folder, sorted by name."""
        names = _scan(self.path)[1] if self.archive is None else self._zip_node().files
        return [Entry(self.path / name, self.archive) for name in names]

    def images(self) -> list[Entry]:
        """Returns the files with an image's suffix, sorted by name."""
        return [entry for entry in self.files() if is_image(entry.name)]

    def file(self, name: str) -> Entry | None:
        """Returns the file of this name, case ignored, or None."""
        return next((entry for entry in self.files() if entry.name.lower() == name.lower()), None)

    def walk(self, depth: int = _DEPTH) -> Iterator[Folder]:
        """Yields this folder and those below it, nearest first."""
        level = [self]
        for remaining in range(depth, -1, -1):
            yield from level
            level = [child for folder in level for child in folder.folders()] if remaining else []

    def all_images(self) -> list[Entry]:
        """Returns the images here and in every folder below, sorted by path within each folder."""
        return [entry for folder in self.walk(depth=_DEEPEST) for entry in folder.images()]

    def find(self, *names: str, accept: Callable[[Folder], bool] = lambda _: True) -> Folder | None:
        """Returns the nearest folder (or this one) that has one of the names, case ignored, and is accepted."""
        wanted = {name.lower() for name in names}
        return next((folder for folder in self.walk() if folder.name.lower() in wanted and accept(folder)), None)

    def find_file(self, name: str) -> Entry | None:
        """Returns the nearest file of this name in this folder or below it."""
        return next((found for folder in self.walk(depth=3) if (found := folder.file(name))), None)

    def find_annotation(self, name: str) -> Entry | None:
        """Returns the file of this name in or below this folder, else beside it or in ``annotations`` beside it."""
        if found := self.find_file(name):
            return found
        parent = (self.archive or self.path).absolute().parent
        beside = [parent / name, parent / "annotations" / name]
        return next((Entry(path) for path in beside if path.is_file()), None)

    def _zip_node(self) -> _Node:
        assert self.archive is not None
        status = self.archive.stat()
        tree = _zip_tree(self.archive, status.st_size, status.st_mtime_ns)
        return tree.get(self.path.as_posix(), _Node())


@dataclass(frozen=True, slots=True)
class _Node:
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def open_folder(root: str | os.PathLike[str]) -> Folder:
    """Returns a folder or zip that the user named.

    Raises:
        ReseenError: If it does not exist or is neither.
    """
    path = Path(root)
    if path.is_dir():
        return Folder(path)
    if not path.exists():
        raise ReseenError(f"{path} does not exist; name the data set's folder or zip")
    if zipfile.is_zipfile(path):
        return Folder(Path(), path)
    raise ReseenError(f"{path} is neither a folder nor a readable zip; name the data set's folder or zip")


def is_image(name: str) -> bool:
    """Whether a file name has an image's suffix, in any case."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def is_litter(path: PurePath | str) -> bool:
    """Whether a path leads to what operating systems leave behind.

    These are ``.DS_Store``, macOS' ``._0001.jpg`` and ``__MACOSX``, ``Thumbs.db``.
    """
    return any(part.startswith(".") or part in _LITTER for part in PurePath(path).parts)


def _scan(path: Path) -> tuple[list[str], list[str]]:
    """Returns the names of folders and files in a folder on disk.

    A folder that may not be listed is passed over, and so is a link to one that it lies in, which has no end.
    """
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if is_litter(entry.name):
                    continue
                if not entry.is_dir():
                    files.append(entry.name)
                elif not (entry.is_symlink() and _leads_back(path, entry)):
                    folders.append(entry.name)
    except PermissionError as error:
        warnings.warn(f"passed over {path}: {error.strerror}", ReseenWarning, stacklevel=2)
    return sorted(folders), sorted(files)


def _leads_back(path: Path, link: os.DirEntry[str]) -> bool:
    """Whether a link in a folder leads to this folder, or to one that we have come through."""
    target, here = link.stat(), path.absolute()
    return any(os.path.samestat(target, folder.stat()) for folder in (here, *here.parents))


@lru_cache(maxsize=16)
def _zip_tree(archive: Path, size: int, modified: int) -> Mapping[str, _Node]:
    """Returns folders and files by folder; ``size`` and ``modified`` make a changed zip be read again."""
    folders: dict[str, set[str]] = {".": set()}
    files: dict[str, set[str]] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError) as error:  # names in no coding, a later version
        raise ReseenError(f"cannot read zip {archive}: {error}") from error
    for name in names:
        path = PurePosixPath(name)
        if len(path.parts) > _DEEPEST + 1 or is_litter(path):
            continue  # a name may have tens of thousands of parts
        if name.endswith("/"):
            folders.setdefault(path.as_posix(), set())
        else:
            files.setdefault(path.parent.as_posix(), set()).add(path.name)
        inner = path if name.endswith("/") else path.parent
        while inner != inner.parent:
            folders.setdefault(inner.as_posix(), set())
            folders.setdefault(inner.parent.as_posix(), set()).add(inner.name)
            inner = inner.parent
    return {
        path: _Node(tuple(sorted(children)), tuple(sorted(files.get(path, ())))) for path, children in folders.items()
    }
